"""Write decisions down and say them: the claims' steps, the rows, the reviews they open or close, and the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import Step
from services.fraud_detection.coverage.domain.cover import Product
from services.fraud_detection.decisions.domain.payable import annual_limit
from services.fraud_detection.decisions.store import decisions, limits, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.reviews import ReviewKind, ReviewRow
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from services.fraud_detection.decisions.usecases.settle_transfers import settle_transfers
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided, Outcome
from shared.messaging import outbox
from shared.process import metrics
from shared.values.ids import ClaimId
from shared.values.shapes import reshape

_STATES: Final[dict[Outcome, State]] = {
    "approved": "approved",
    "review": "in_review",
    "documents_requested": "documents_requested",
    "refusal_proposed": "in_review",
    "refused": "refused",
}


def payable_from(product: Product, reported_at: datetime, *, now: datetime) -> datetime:
    """When the recovery wait is over: the police may get the money back within these days of the report."""
    return max(now, reported_at + timedelta(days=product.recovery_wait_days))


def record(
    tx: Tx,
    decided: Sequence[tuple[CaseFile, DecisionRow]],
    *,
    now: datetime,
    due_at: datetime | None = None,
    to: State | None = None,
    traces: Mapping[ClaimId, Mapping[str, str]] | None = None,
) -> None:
    """All of it in the caller's transaction; each decision's ``version`` is its claim's next one. ``due_at`` is by when
    whoever is waited for must act, if not as long as always; ``to`` is the state, if not that of the outcome.

    ``traces`` has of each claim what its event belongs to, if that is not the current trace.

    Raises:
        TransferPaid: an approval of what another claim was approved for.
    """
    for case, row in decided:
        if row.outcome == "approved":
            settle_transfers(tx, case)
    claims.step_many(tx, [_step(case, row, due_at, to) for case, row in decided], now=now)
    decisions.add(tx, [_shared(case, row) for case, row in decided])
    approved = [(case.claim, row.decision_id, row.amount_fen) for case, row in decided if row.outcome == "approved"]
    limits.keep(tx, approved)
    for _, row in decided:
        if row.by_person:
            reviews.close(tx, row.claim_id, now=now)
        else:
            metrics.DECISIONS.labels(row.outcome, "machine").inc()
    reviews.open_reviews(tx, [review for case, row in decided if (review := _review(case, row, now))])
    outbox.add_many(
        tx,
        [(_event(case, row), row.claim_id) for case, row in decided],
        now=now,
        carriers=None if traces is None else [traces[row.claim_id] for _, row in decided],
    )


def _shared(case: CaseFile, decision: DecisionRow) -> DecisionRow:
    """With how it shares the loss, where other insurers bear parts of it."""
    if decision.outcome != "approved":
        return decision
    return replace(decision, among_insurers=case.among_insurers(decision.amount_fen))


def _step(case: CaseFile, decision: DecisionRow, due_at: datetime | None, to: State | None) -> Step:
    why = decision.why or next((each.code for each in decision.failures), None)
    asked = decision.failures if decision.outcome == "documents_requested" else ()
    needs = tuple(each.code for each in asked)
    return Step(case.claim, to or _STATES[decision.outcome], decision.decided_by, why, due_at, needs=needs)


def _review(case: CaseFile, decision: DecisionRow, now: datetime) -> ReviewRow | None:
    """What a person is to look at, where the machine leaves it to one."""
    if decision.by_person or decision.outcome not in {"refusal_proposed", "review"}:
        return None
    kind: ReviewKind = "appeal" if case.claim.appealed else "review"
    return ReviewRow(
        decision.claim_id, case.claim.round, "refusal_proposed" if decision.outcome == "refusal_proposed" else kind, now
    )


def _event(case: CaseFile, decision: DecisionRow) -> ClaimDecided:
    claim, cover, product = case.claim, case.coverage, case.product
    return reshape(
        decision,
        ClaimDecided,
        policy_id=claim.policy_id,
        partner_id=cover.partner_id,
        product_code=cover.product_code,
        product_version=cover.product_version,
        person_token=claim.person_token,
        payee_token=claim.payee_token,
        currency=claim.currency,
        cover_limit_fen=annual_limit(product, claim),
        reason_codes=_reason_codes(case, decision),
        clauses=[decision.clause] if decision.clause else [each.clause for each in decision.failures],
    )


def _reason_codes(case: CaseFile, decision: DecisionRow) -> list[str]:
    """The rules that stand against the claim, or why a person looks; and whatever else that person sees of the account,
    so that enrollment names the insured.
    """
    codes = [each.code for each in decision.failures] or ([decision.why] if decision.why else [])
    doubts = case.payee_doubts if decision.outcome in ("review", "refusal_proposed") else ()
    return list(dict.fromkeys((*codes, *doubts)))
