"""A person approves or refuses a claim that waits for one. The machine only proposes; here it is said who decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.domain.states import APPEALS
from services.fraud_detection.claims.store import appeals, claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import LimitUse
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION, rule
from services.fraud_detection.decisions.domain.payable import NOTHING_PAYABLE, Payable
from services.fraud_detection.decisions.store import decisions, limits, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.limits import Taking
from services.fraud_detection.decisions.usecases.adjudicate import reserve
from services.fraud_detection.decisions.usecases.case_file import CaseFile, collect, hold
from services.fraud_detection.decisions.usecases.record_decision import payable_from, record
from services.fraud_detection.reviews.domain.errors import (
    AnotherPersonDecides,
    CoverRuleStands,
    DeductibleUsedUp,
    LimitUsedUp,
    NoOpenReview,
    PayeeUnknown,
)
from services.fraud_detection.reviews.domain.refusals import language_faults, refusal_faults
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import leases
from services.fraud_detection.reviews.usecases.hold_case import require_free
from services.fraud_detection.reviews.usecases.refuse_without_policy import refuse_without_policy
from shared.db import audit
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId, DecisionId

_TRIES: Final = 3


def decide_review(
    tx: Tx,
    claim_id: ClaimId,
    verdict: Verdict,
    *,
    reviewer: str,
    senior: bool = False,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> DecisionRow:
    """Record the decision of ``reviewer``, a person by the pseudonymous subject of the token; ``senior`` decides last
    appeals too, and what others handed on.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview: nothing waits for a person.
        InvalidFields: a refusal lacks its reasons, or stands on nothing that stands against the claim.
        AnotherPersonDecides: the person decided on this claim before.
        HeldByAnother: another person works on it.
        SeniorDecides: it is the last appeal or was handed on, and the person is not one for these.
        CoverRuleStands: a rule that no person may waive stands against an approval.
        DeductibleUsedUp: the refusal of a loss as too small is outdated.
        PayeeUnknown: payout announced no such account, so nothing could be paid.
        LimitUsedUp: other claims took of the policy at this very moment.
        TransferPaid: another claim was approved for one of its transfers.
    """
    claim = claims.lock(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    require_match(claim.version)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    before = decisions.of_claim(tx, claim_id)
    if any(each.is_last_word and each.by_person and each.decided_by == reviewer for each in before):
        raise AnotherPersonDecides(claim_id)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    leases.give_back(tx, claim_id)
    if coverage.find(tx, claim.policy_id) is None:
        return refuse_without_policy(tx, claim, verdict, reviewer=reviewer, personal_data=personal_data, now=now)
    if not before:
        # The policy came this very moment; the worker has the claim decided anew.
        raise Unready(f"the decision on claim {claim_id}")
    case = collect(tx, hold(tx, [claim]), Terms())[claim_id]
    _require_words(tx, verdict, case, before[-1])
    taken = _approve(tx, case) if verdict.outcome == "approve" else _refuse(tx, case, verdict, before[-1])
    sealed = _sealed(tx, personal_data, claim_id, verdict)
    row = _row(case, verdict, taken=taken, before=before[-1], subject=reviewer, sealed=sealed, now=now)
    no_appeal_left = row.outcome == "refused" and appeals.count(tx, claim_id) >= APPEALS
    record(tx, [(case, row)], now=now, due_at=now if no_appeal_left else None)
    audit.record(
        tx,
        actor=reviewer,
        action=f"claim.{row.outcome}",
        subject=claim_id,
        details={"decision_id": row.decision_id, "clause": row.clause, "amount_fen": row.amount_fen},
        now=now,
    )
    return row


def _require_words(tx: Tx, verdict: Verdict, case: CaseFile, before: DecisionRow) -> None:
    """What was said is in its language; a refusal stands on what stands against the claim now, or stood just before."""
    faults: tuple[InvalidField, ...]
    if verdict.outcome == "approve":
        faults = tuple(language_faults(verdict))
    else:
        use = limits.use(tx, [case.claim])[case.claim.claim_id]
        failures = (*case.failed_rules(use), *before.failures)
        faults = tuple(refusal_faults(case.product, case.claim, failures, verdict))
    if faults:
        raise InvalidFields(faults)


def _sealed(tx: Tx, personal_data: PersonalData, claim_id: ClaimId, verdict: Verdict) -> dict[str, bytes]:
    """What the person wrote, by the decision's columns."""
    finding = verdict.finding if verdict.outcome == "refuse" else None
    written = {
        "reasons": verdict.reasons_zh,
        "reasons_en": verdict.reasons_en,
        "found_zh": finding.found_zh if finding else None,
        "found_en": finding.found_en if finding else None,
    }
    return {
        field: personal_data.seal(tx, text.strip(), claim_id, field)
        for field, text in written.items()
        if text and text.strip()
    }


def _approve(tx: Tx, case: CaseFile) -> Payable:
    """Hold the claim against the rules once more and take the limit. Whose account it is the person has seen."""
    if "payee_unknown" in case.payee_doubts:
        raise PayeeUnknown(case.claim.claim_id)
    for _ in range(_TRIES):
        use = limits.use(tx, [case.claim])[case.claim.claim_id]
        standing = [each.code for each in case.failed_rules(use) if not each.waivable]
        if standing:
            raise CoverRuleStands(case.claim.claim_id, ", ".join(standing))
        taken = case.payable(use)
        if reserve(tx, [(case, taken, use)]):
            return taken
    raise LimitUsedUp(case.claim.policy_id)


def _refuse(tx: Tx, case: CaseFile, verdict: Verdict, before: DecisionRow) -> Payable:
    """Nothing is paid; what the claim bears of deductibles, in place of what it bore by an earlier decision."""
    for _ in range(_TRIES):
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


def _row(
    case: CaseFile,
    verdict: Verdict,
    *,
    taken: Payable,
    before: DecisionRow,
    subject: str,
    sealed: Mapping[str, bytes],
    now: datetime,
) -> DecisionRow:
    """The decision, with the model and the failed rules that the person had before them."""
    claim = case.claim
    approved = verdict.outcome == "approve"
    return DecisionRow(
        decision_id=DecisionId(new_id()),
        claim_id=claim.claim_id,
        round=claim.round,
        version=claim.version + 1,
        outcome="approved" if approved else "refused",
        why=None,
        amount_fen=taken.amount_fen,
        deductible_fen=taken.deductible_fen,
        event_deductible_fen=taken.event_deductible_fen,
        failures=() if approved else before.failures,
        rule_version=RULE_VERSION,
        model_id=before.model_id,
        model_sha256=before.model_sha256,
        score=before.score,
        score_reasons=before.score_reasons,
        sandbox_value=None,
        by_person=True,
        decided_by=subject,
        clause=verdict.ground,
        reasons=sealed.get("reasons"),
        reasons_en=sealed.get("reasons_en"),
        found_zh=sealed.get("found_zh"),
        found_en=sealed.get("found_en"),
        decided_at=now,
        payable_from=payable_from(case.product, claim.reported_at, now=now) if approved else None,
    )
