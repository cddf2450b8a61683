"""Write down what a bank said of a payout: steps, bookings and events in one transaction. Asking is the callers'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.payout.domain.answers import Answer, NoAnswer, Standing, Unknown, Wait, after
from services.payout.domain.payouts import TAKEN_BACK, Payout
from services.payout.domain.retry_delay import RetryPolicy, retry_delay
from services.payout.store import decisions, payouts
from services.payout.usecases.announce_payout import announce, withdraw_debt
from shared.db.transaction import Tx
from shared.values.ids import PayoutId


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait before the next try; ``chance`` is uniform in [0, 1)."""

    policy: RetryPolicy
    chance: float


def settle(
    tx: Tx, payout_id: PayoutId, answer: Answer, *, asked_at_version: int | None, pace: Pace, now: datetime
) -> Payout | None:
    """The payout as it stands after ``answer``, or None if nothing changed.

    ``asked_at_version`` is the payout's version when the bank was asked (None for a statement). What a bank says to
    have done holds whenever it said so; that it knows nothing, or says nothing, holds only while we did nothing since.
    """
    payout = payouts.lock(tx, payout_id)
    if payout is None:
        return None
    if isinstance(answer, (Unknown, NoAnswer)) and asked_at_version != payout.version:
        return None
    questions, since_sent = payouts.tries(tx, payout_id)
    newest = decisions.newest(tx, payout.claim_id)
    approved = newest is not None and newest[1] == "approved"
    taken_back = newest is not None and newest[1] in TAKEN_BACK
    standing = Standing(payout.state, payout.attempts, since_sent, approved, taken_back)
    steps = after(standing, answer, pace.policy)
    if isinstance(steps, Wait):
        payouts.pause(tx, payout, retry_delay(pace.policy, questions + 1, pace.chance))
        return None
    changed = None
    for step in steps:
        changed = payouts.step(tx, changed or payout, step.to, step.reason, now=now)
        if changed is None:
            raise AssertionError("a locked payout changed under us")
        announce(tx, changed, now=now)
    if changed is not None and changed.state in ("scheduled", "in_doubt", "accepted"):
        payouts.pause(tx, changed, retry_delay(pace.policy, max(1, changed.attempts), pace.chance))
    if changed is not None and changed.state in ("rejected", "returned") and not approved:
        withdraw_debt(tx, changed, now=now)
    return changed
