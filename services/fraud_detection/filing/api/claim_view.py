"""A claim as its resident may see it: state, sentences, amount, payout. Never a score, never who reviewed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from services.fraud_detection.claims.domain.claims import Claim, State
from services.fraud_detection.claims.store import payouts
from services.fraud_detection.claims.store.payouts import PayoutRow
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.domain.sentences import sentence
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.decisions.store.decisions import DecisionRow
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.web.models import ReplyModel


class ReasonView(ReplyModel):
    """One sentence to the resident, and the clause of the terms that it stands on (empty where it needs none)."""

    code: str
    clause: str
    text_zh: str
    text_en: str


class DecisionView(ReplyModel):
    """The newest decision."""

    decision_id: str
    outcome: Outcome
    amount_fen: int
    reasons: list[ReasonView]
    decided_at: datetime
    payable_from: datetime | None
    """When the recovery wait is over and the money is sent; null unless approved."""


class PayoutView(ReplyModel):
    """The payment, as the payout service last told it."""

    payout_id: str
    state: Literal["scheduled", "paid", "rejected", "returned"]
    amount_fen: int
    changed_at: datetime


class ClaimView(ReplyModel):
    """One claim."""

    claim_id: str
    version: int
    state: State
    policy_id: str
    liability: str
    amount_fen: int
    """What was claimed."""
    currency: str
    submitted_at: datetime
    decision: DecisionView | None
    payout: PayoutView | None


def view(tx: Tx, claim: Claim, personal_data: PersonalData) -> ClaimView:
    return views(tx, [claim], personal_data)[0]


def views(tx: Tx, found: Sequence[Claim], personal_data: PersonalData) -> list[ClaimView]:
    """Several at once, by two queries for all."""
    ids = [claim.claim_id for claim in found]
    decided, paid = decisions.latest(tx, ids), payouts.of_claims(tx, ids)
    return [_view(tx, each, decided.get(each.claim_id), paid.get(each.claim_id), personal_data) for each in found]


def _view(
    tx: Tx, claim: Claim, decision: DecisionRow | None, payout: PayoutRow | None, personal_data: PersonalData
) -> ClaimView:
    decided = None if decision is None else DecisionView.of(decision, reasons=told(tx, decision, personal_data))
    return ClaimView.of(claim, decision=decided, payout=payout)


def told(tx: Tx, decision: DecisionRow, personal_data: PersonalData) -> list[ReasonView]:
    """What the resident is told of a decision."""
    match decision.outcome:
        case "approved":
            return [_reason("approved")]
        case "review":
            return [_reason("under_review")]
        case "refused":
            words = decision.reasons
            if not words:  # the person was erased, and with it what was written to that person
                return [_reason("reasons_erased", decision.clause or "")]
            opened = personal_data.open(tx, words, decision.claim_id, "reasons")
            return [ReasonView(code="refused_by_person", clause=decision.clause or "", text_zh=opened, text_en=opened)]
        case "documents_requested" | "refusal_proposed":
            return [ReasonView.of(each) for each in decision.failures]


def _reason(code: str, clause: str = "") -> ReasonView:
    text_zh, text_en = sentence(code)
    return ReasonView(code=code, clause=clause, text_zh=text_zh, text_en=text_en)
