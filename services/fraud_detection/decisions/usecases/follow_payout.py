"""What became of the money: the claim's step that follows, and the limit that is given back where it is not paid."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.store import claims, payouts
from services.fraud_detection.claims.usecases.submit import file_anew
from services.fraud_detection.decisions.store import decisions, limits
from services.fraud_detection.decisions.usecases.settle_recoveries import settle_recoveries
from shared.db.transaction import Tx
from shared.events.payouts import PayoutChanged
from shared.values.ids import ClaimId

PAYOUT: Final = "payout"
"""Who takes these steps, as the trace tells it."""


def follow_payout(tx: Tx, payout: PayoutChanged) -> None:
    """Keep what payout says and move the claim. An older word, or one on an approval given up before, moves nothing."""
    claim = claims.lock(tx, ClaimId(payout.claim_id))
    if not payouts.keep(tx, payout) or claim is None:
        return
    held = limits.standing(tx, claim.claim_id)
    if held is None or held.decision_id != payout.decision_id:
        return
    match payout.state:
        case "scheduled":
            _scheduled(tx, claim, payout)
        case "paid":
            if claim.state in ("approved", "recovery_wait", "paying", "stopping"):
                paid = _step(tx, claim, "paid", payout)
                if settle_recoveries(tx, paid, held):
                    _step(tx, paid, "recovered", payout)
        case "rejected" | "returned":
            if claim.state == "stopping":
                limits.release(tx, held, now=payout.changed_at)
                _after_the_stop(tx, claim, payout)
            elif claim.state in ("approved", "recovery_wait", "paying", "paid", "recovered"):
                _step(tx, claim, "payment_failed", payout)


def _scheduled(tx: Tx, claim: Claim, payout: PayoutChanged) -> None:
    if claim.state != "approved":
        return
    due = decisions.payable_from(tx, payout.decision_id)
    waits = due is not None and due > payout.changed_at
    _step(tx, claim, "recovery_wait" if waits else "paying", payout, due_at=due if waits else None)


def _after_the_stop(tx: Tx, claim: Claim, payout: PayoutChanged) -> None:
    """Why it was stopped says what is next: it was withdrawn, or is decided anew on less."""
    if claim.changed_why == "withdrawn":
        claims.step(tx, claim, "withdrawn", now=payout.changed_at, by=PAYOUT, why=claim.changed_why)
        return
    file_anew(tx, claim, by=PAYOUT, why=claim.changed_why, now=payout.changed_at)


def _step(tx: Tx, claim: Claim, to: State, payout: PayoutChanged, *, due_at: datetime | None = None) -> Claim:
    return claims.step(tx, claim, to, now=payout.changed_at, by=PAYOUT, why=payout.reason, due_at=due_at)
