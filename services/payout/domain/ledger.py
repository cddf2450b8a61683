"""Bookings: which accounts each kind of business touches. Amounts are positive here; debits are positive in entries.

Debits and credits of one booking sum to zero in each currency; the database checks that again when it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.values.ids import PartnerId, PayoutId
from shared.values.money import Currency, Fen

Account: TypeAlias = Literal[
    "bank", "partner_receivable", "recoveries_receivable", "claims_payable", "premium_income", "claims_expense"
]
Kind: TypeAlias = Literal[
    "premium",
    "premium_refund",
    "premium_added",
    "premium_returned",
    "claim_owed",
    "claim_withdrawn",
    "payout_paid",
    "payout_returned",
    "recovery_owed",
]

# kind -> (account debited, account credited)
SIDES: dict[Kind, tuple[Account, Account]] = {
    "premium": ("partner_receivable", "premium_income"),
    "premium_refund": ("premium_income", "partner_receivable"),
    "premium_added": ("partner_receivable", "premium_income"),
    "premium_returned": ("premium_income", "partner_receivable"),
    "claim_owed": ("claims_expense", "claims_payable"),
    "claim_withdrawn": ("claims_payable", "claims_expense"),
    "payout_paid": ("claims_payable", "bank"),
    "payout_returned": ("bank", "claims_payable"),
    "recovery_owed": ("recoveries_receivable", "claims_expense"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a debit if positive, a credit if negative."""

    account: Account
    amount_fen: Fen
    currency: Currency


@dataclass(frozen=True, slots=True)
class Booking:
    """One transfer between accounts. ``kind`` and ``cause`` together are booked once, ever."""

    kind: Kind
    cause: str
    partner_id: PartnerId
    payout_id: PayoutId | None
    entries: tuple[Entry, ...]


def booking(
    kind: Kind,
    cause: str,
    amount_fen: Fen,
    currency: Currency,
    *,
    partner_id: PartnerId,
    payout_id: PayoutId | None = None,
) -> Booking:
    """The booking of a kind of business; ``cause`` is a chunk's, policy's, endorsement's, payout's or recovery's id."""
    if amount_fen <= 0:
        raise ValueError("a booking moves a positive amount")
    debit, credit = SIDES[kind]
    entries = (Entry(debit, amount_fen, currency), Entry(credit, Fen(-amount_fen), currency))
    return Booking(kind, cause, partner_id, payout_id, entries)
