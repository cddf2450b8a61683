"""Take an approval back: nothing is paid by it any more, unless the money had left. Which of both, payout says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.decisions.store import decisions, limits
from shared.db.transaction import Tx
from shared.events.claims import ClaimStopped
from shared.messaging import outbox
from shared.process.new_ids import new_id
from shared.values.ids import DecisionId


def say_stopped(
    tx: Tx,
    claim: Claim,
    decision_id: DecisionId,
    reason: Literal["withdrawn", "recovered", "another_account", "closed"],
    *,
    now: datetime,
) -> None:
    """Publish ``claims.stopped``; ``claim`` as it is after its step."""
    event = ClaimStopped(
        stop_id=new_id(),
        claim_id=claim.claim_id,
        version=claim.version,
        decision_id=decision_id,
        policy_id=claim.policy_id,
        currency=claim.currency,
        reason=reason,
        stopped_at=now,
    )
    outbox.add(tx, event, subject=claim.claim_id, now=now)


def give_up(tx: Tx, claim: Claim, reason: Literal["withdrawn", "another_account", "closed"], *, now: datetime) -> None:
    """Give back what the approval held whose payment failed, and say that nothing is owed on the claim.

    Payout hears of it also where nothing was approved, once it heard of the claim: it keeps the account that the claim
    named until nobody decides on the claim any more.
    """
    held = limits.standing(tx, claim.claim_id)
    if held is not None:
        limits.release(tx, held, now=now)
    newest = decisions.latest(tx, [claim.claim_id]).get(claim.claim_id)
    if newest is not None and newest.outcome != "refused":
        say_stopped(tx, claim, newest.decision_id, reason, now=now)
