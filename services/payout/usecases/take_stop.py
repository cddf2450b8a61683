"""An approval was taken back: its payout is not sent, and what failed is owed no more."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain import reasons
from services.payout.domain.payouts import Decision
from services.payout.store import decisions, payouts
from services.payout.usecases.take_decision import withdraw
from shared.db.transaction import Tx


def take_stop(tx: Tx, stop: Decision, *, now: datetime) -> None:
    """Take ``stop``, kept as a decision that approves nothing; repeated, it changes nothing."""
    decisions.lock_claim(tx, stop.claim_id)
    if decisions.known(tx, stop):
        return
    before = decisions.newest(tx, stop.claim_id)
    decisions.insert(tx, stop, "not_approved")
    existing = payouts.lock_of_claim(tx, stop.claim_id)
    if existing is not None and (before is None or stop.version > before[0]):
        withdraw(tx, existing, reason=reasons.APPROVAL_TAKEN_BACK, now=now)
