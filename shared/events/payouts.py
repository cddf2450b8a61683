"""What payout says of payouts, on ``payout.payouts.v1``."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.envelope import Event, Moment


class PayoutChanged(Event, frozen=True, kw_only=True):
    """A payout reached a state that others may build on.

    ``version`` is the payout's and grows with each step. ``reason`` is a stable code where a bank refused or returned.
    """

    TYPE: ClassVar[str] = "payouts.changed"
    TOPIC: ClassVar[str] = "payout.payouts.v1"

    payout_id: str
    version: int
    state: Literal["scheduled", "paid", "rejected", "returned"]
    claim_id: str
    decision_id: str
    policy_id: str
    partner_id: str
    amount_fen: int
    currency: str
    changed_at: Moment
    reason: str | None = None
