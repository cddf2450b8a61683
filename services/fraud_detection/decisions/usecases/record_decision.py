"""Write a decision down and say it: the claim's step, the row, the review it opens or closes, and the event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.claims.domain.claims import State
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.domain.cover import Product
from services.fraud_detection.decisions.domain.payable import annual_limit
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.reviews import ReviewKind, ReviewRow
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided, Outcome
from shared.messaging import outbox
from shared.process import metrics
from shared.values.shapes import reshape

_STATES: Final[dict[Outcome, State]] = {
    "approved": "approved",
    "review": "review",
    "documents_requested": "documents_requested",
    "refusal_proposed": "refusal_proposed",
    "refused": "refused",
}


def payable_from(product: Product, reported_at: datetime, *, now: datetime) -> datetime:
    """When the recovery wait is over: the police may get the money back within these days of the report."""
    return max(now, reported_at + timedelta(days=product.recovery_wait_days))


def record(tx: Tx, case: CaseFile, decision: DecisionRow, *, now: datetime) -> None:
    """All of it in the caller's transaction; ``decision.version`` is the claim's next one."""
    claim = case.claim
    claims.step(tx, claim, _STATES[decision.outcome], now=now)
    decisions.add(tx, decision)
    if decision.by_person:
        reviews.close(tx, claim.claim_id, now=now)
    elif decision.outcome == "refusal_proposed":
        reviews.open_review(tx, ReviewRow(claim.claim_id, claim.round, "refusal_proposed", now))
    elif decision.outcome == "review":
        kind: ReviewKind = "appeal" if claim.appealed else "review"
        reviews.open_review(tx, ReviewRow(claim.claim_id, claim.round, kind, now))
    outbox.add(tx, _event(case, decision), subject=claim.claim_id, now=now)
    metrics.DECISIONS.labels(decision.outcome, "person" if decision.by_person else "machine").inc()


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
        reason_codes=[each.code for each in decision.failures] or ([decision.why] if decision.why else []),
        clauses=[decision.clause] if decision.clause else [each.clause for each in decision.failures],
    )
