"""Take an approval back: nothing is paid by it any more, unless the money had left. Which of both, payout says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.store.limits import Reservation
from shared.db.transaction import Tx
from shared.events.claims import ClaimStopped
from shared.messaging import outbox
from shared.process.new_ids import new_id


def say_stopped(
    tx: Tx,
    claim: Claim,
    held: Reservation,
    reason: Literal["withdrawn", "recovered", "another_account", "closed"],
    *,
    now: datetime,
) -> None:
    """Publish ``claims.stopped``; ``claim`` as it is after its step."""
    event = ClaimStopped(
        stop_id=new_id(),
        claim_id=claim.claim_id,
        version=claim.version,
        decision_id=held.decision_id,
        policy_id=claim.policy_id,
        currency=claim.currency,
        reason=reason,
        stopped_at=now,
    )
    outbox.add(tx, event, subject=claim.claim_id, now=now)


def give_up(tx: Tx, claim: Claim, reason: Literal["withdrawn", "another_account", "closed"], *, now: datetime) -> None:
    """Give back what the approval held whose payment failed, and say that it is owed no more."""
    held = limits.standing(tx, claim.claim_id)
    if held is not None:
        limits.release(tx, held, now=now)
        say_stopped(tx, claim, held, reason, now=now)
