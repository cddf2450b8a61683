"""What payout says of payouts, on ``payout.payouts.v1``, and of payees, on ``payout.payees.v1``."""

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


class PayeeAnnounced(Event, frozen=True, kw_only=True):
    """An account stands in payout's vault: claims may name it by its token.

    ``version`` grows with each announcement of the account. ``name_tokens`` are those of the holder's name in its
    normal form, one for each token key that payout has, the current key's first: what was made under any of them can
    be compared. The masks are for a person's eyes.
    """

    TYPE: ClassVar[str] = "payees.announced"
    TOPIC: ClassVar[str] = "payout.payees.v1"

    payee_token: str
    version: int
    name_tokens: list[str]
    holder_masked: str
    account_masked: str
    bank_code: str
    announced_at: Moment


class PayeeErased(Event, frozen=True, kw_only=True):
    """An account was forgotten: consumers forget what they were told of it up to ``version``."""

    TYPE: ClassVar[str] = "payees.erased"
    TOPIC: ClassVar[str] = "payout.payees.v1"

    payee_token: str
    version: int
    erased_at: Moment
