"""A person approves or refuses a claim that waits for one. The machine only proposes; here it is said who decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import LimitUse
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.domain.cover_rules import rule
from services.fraud_detection.decisions.domain.payable import NOTHING_PAYABLE, Payable
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.limits import Taking
from services.fraud_detection.decisions.usecases.case_file import CaseFile, collect, hold
from services.fraud_detection.decisions.usecases.record_decision import record
from services.fraud_detection.reviews.domain.errors import DeductibleUsedUp, LimitUsedUp
from services.fraud_detection.reviews.domain.refusals import language_faults, refusal_faults, transfer_faults
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import authorities, leases
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.approve_case import Approval, approve_case, told_transfers
from services.fraud_detection.reviews.usecases.hold_case import require_another_person, require_free
from services.fraud_detection.reviews.usecases.lock_case import lock_waiting
from services.fraud_detection.reviews.usecases.persons_decision import (
    audit_decision,
    over_at,
    persons_decision,
    sealed_words,
)
from services.fraud_detection.reviews.usecases.propose_approval import require_no_proposal
from services.fraud_detection.reviews.usecases.refuse_without_policy import refuse_without_policy
from services.fraud_detection.reviews.usecases.take_limits import TRIES
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId, DecisionId


def decide_review(
    tx: Tx,
    claim_id: ClaimId,
    verdict: Verdict,
    *,
    reviewer: str,
    senior: bool = False,
    lowest: Authority = LOWEST,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
    decision_id: DecisionId | None = None,
) -> DecisionRow | ProposalRow:
    """Record the decision of ``reviewer``, a person by the pseudonymous subject of the token; ``senior`` decides last
    appeals too, and what others handed on. ``decision_id`` is the decision's, if it has one already. An approval above
    the person's authority, ``lowest`` where none was set, waits for a second person as a proposal.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview: nothing waits for a person.
        InvalidFields: a refusal lacks its reasons, or stands on nothing that stands against the claim.
        AnotherPersonDecides: the person decided on this claim before.
        HeldByAnother: another person works on it.
        SeniorDecides: it is the last appeal or was handed on, and the person is not one for these.
        ProposalWaits: an approval waits for a second person.
        CoverRuleStands: a rule that no person may waive stands against an approval.
        DeductibleUsedUp: the refusal of a loss as too small is outdated.
        MandateOpen, PayeeIsAgent, PayeeMayBeAgent, PayeeUnknown: by who acts and whom it would pay, as would_pay.
        LimitUsedUp: other claims took of the policy at this very moment.
        TransferPaid: another claim was approved for one of its transfers.
    """
    claim, before = lock_waiting(tx, claim_id, require_match)
    require_another_person(tx, claim_id, before, reviewer)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    require_no_proposal(tx, claim)
    leases.give_back(tx, claim_id)
    if coverage.find(tx, claim.policy_id) is None:
        return refuse_without_policy(
            tx, claim, verdict, reviewer=reviewer, personal_data=personal_data, now=now, decision_id=decision_id
        )
    if not before:
        # The policy came this very moment; the worker has the claim decided anew.
        raise Unready(f"the decision on claim {claim_id}")
    case = collect(tx, hold(tx, [claim]), Terms())[claim_id]
    _require_words(tx, verdict, case, before[-1])
    if verdict.outcome == "approve":
        authority = authorities.of_person(tx, reviewer, lowest)
        said = Approval(verdict, reviewer, authority, before[-1])
        return approve_case(tx, case, said, personal_data=personal_data, now=now, decision_id=decision_id)
    row = persons_decision(
        claim,
        "refused",
        by=reviewer,
        now=now,
        before=before[-1],
        failures=before[-1].failures,
        taken=_refuse(tx, case, verdict, before[-1]),
        clause=verdict.ground,
        words=sealed_words(tx, personal_data, claim_id, verdict),
        decision_id=decision_id,
    )
    record(tx, [(case, row)], now=now, due_at=over_at(tx, row, now=now))
    audit_decision(tx, row, now=now)
    return row


def _require_words(tx: Tx, verdict: Verdict, case: CaseFile, before: DecisionRow) -> None:
    """What was said is in its language; a refusal stands on what stands against the claim now, or stood just before."""
    use = limits.use(tx, [case.claim])[case.claim.claim_id]
    failures = (*case.failed_rules(use), *before.failures)
    faults: list[InvalidField] = []
    if verdict.outcome == "approve":
        faults += language_faults(verdict)
    else:
        faults += refusal_faults(case.product, case.claim, failures, verdict, also=_no_such_payee(case))
    if verdict.transfers:
        told = told_transfers(tx, case.claim)
        faults += transfer_faults(case.product, case.claim, failures, told, verdict)
    elif verdict.outcome == "approve" and case.transfers.refused:
        fix = "Say of each transfer whether it is accepted."
        faults.append(InvalidField("/transfers", "Some of the transfers were not accepted before.", fix))
    if faults:
        raise InvalidFields(tuple(faults))


def _no_such_payee(case: CaseFile) -> frozenset[str]:
    """A ground on which the whole claim is refused while nothing could be paid to the account that it names."""
    return frozenset({"payee_unknown", "payee_is_agent"}.intersection(case.payee_doubts))


def _refuse(tx: Tx, case: CaseFile, verdict: Verdict, before: DecisionRow) -> Payable:
    """Nothing is paid; what the claim bears of deductibles, in place of what it bore by an earlier decision."""
    for _ in range(TRIES):
        use = limits.use(tx, [case.claim])[case.claim.claim_id]
        borne = case.payable(use) if _is_too_small(case, use, verdict, before) else NOTHING_PAYABLE
        if limits.bear(tx, Taking(case.claim, case.product, borne, use)):
            return borne
    raise LimitUsedUp(case.claim.policy_id)


def _is_too_small(case: CaseFile, use: LimitUse, verdict: Verdict, before: DecisionRow) -> bool:
    """Whether the person refuses the loss as too small, and nothing else stands against it now.

    Such a loss is the insured's own and counts for the deductibles of its event and of the year; no other refusal does.

    Raises:
        DeductibleUsedUp: it was too small when the machine looked, and since then other losses used up the deductible.
    """
    if verdict.ground not in {"below_deductible", rule(case.product, "below_deductible").clause}:
        return False
    was_too_small = {each.code for each in before.failures} == {"below_deductible"}
    if was_too_small and case.payable(use).amount_fen > 0:
        raise DeductibleUsedUp(case.claim.claim_id)
    standing = {each.code for each in case.failed_rules(use)}
    return standing == {"below_deductible"}
