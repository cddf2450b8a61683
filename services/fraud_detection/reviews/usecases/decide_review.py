"""A person approves or refuses a claim that waits for one. The machine only proposes; here it is said who decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import LimitUse, liability
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
)
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId, DecisionId

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the person says. A refusal names the clause and its reasons, which the resident reads."""

    outcome: Literal["approve", "refuse"]
    clause: str | None
    reasons: str | None


def decide_review(
    tx: Tx,
    claim_id: ClaimId,
    verdict: Verdict,
    *,
    reviewer: str,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> DecisionRow:
    """Record the decision of ``reviewer``, a person by the pseudonymous subject of the token.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview: nothing waits for a person.
        AnotherPersonDecides: the person decided on this claim before.
        CoverRuleStands: a rule that no person may waive stands against an approval.
        DeductibleUsedUp: the refusal of a loss as too small is outdated.
        LimitUsedUp: other claims took of the policy at this very moment.
    """
    claim = claims.lock(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    require_match(claim.version)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    before = decisions.of_claim(tx, claim_id)
    if any(each.by_person and each.decided_by == reviewer for each in before):
        raise AnotherPersonDecides(claim_id)
    case = collect(tx, hold(tx, [claim]), Terms())[claim_id]
    _require_words(verdict, case, before[-1])
    taken = _approve(tx, case) if verdict.outcome == "approve" else _refuse(tx, case, verdict, before[-1])
    words = (verdict.reasons or "").strip()
    sealed = personal_data.seal(tx, words, claim_id, "reasons") if words else None
    row = _row(case, verdict, taken=taken, before=before[-1], subject=reviewer, sealed=sealed, now=now)
    record(tx, [(case, row)], now=now)
    audit.record(
        tx,
        actor=reviewer,
        action=f"claim.{row.outcome}",
        subject=claim_id,
        details={"decision_id": row.decision_id, "clause": row.clause, "amount_fen": row.amount_fen},
        now=now,
    )
    return row


def _require_words(verdict: Verdict, case: CaseFile, before: DecisionRow) -> None:
    """A refusal stands on a clause of this policy's own terms and says why (Insurance Law of the PRC, art. 24).

    What a person finds to be excluded is named by the exclusion's code: the product's, or the claimed liability's own.
    """
    if verdict.outcome == "approve":
        return
    if not (verdict.reasons or "").strip():
        raise InvalidField("/reasons", "A refusal gives its reasons.", "Write what the resident is to read.")
    clauses = case.product.clauses
    terms = liability(case.product, case.claim.liability)
    exclusions = {each.code for each in (terms or case.product).exclusions}
    known = sorted({*clauses, *clauses.values(), *exclusions, *(each.clause for each in before.failures)})
    if not verdict.clause or (known and verdict.clause not in known):
        raise InvalidField(
            "/clause", "A refusal names a clause of the product's terms.", f"Send one of: {', '.join(known)}."
        )


def _approve(tx: Tx, case: CaseFile) -> Payable:
    """Hold the claim against the rules once more and take the limit."""
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
    if verdict.clause not in {"below_deductible", rule(case.product, "below_deductible").clause}:
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
    sealed: bytes | None,
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
        clause=verdict.clause,
        reasons=sealed,
        decided_at=now,
        payable_from=payable_from(case.product, claim.reported_at, now=now) if approved else None,
    )
