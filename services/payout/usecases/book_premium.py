"""Book what partners owe for policies and their changes, and what they get back. Statements are enrollment's."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain.ledger import Kind, booking
from services.payout.store import ledger
from shared.db.transaction import Tx
from shared.values.ids import PartnerId
from shared.values.money import Currency, Fen


def book_premium(
    tx: Tx, *, chunk_id: str, partner_id: PartnerId, policies: int, premium_fen: Fen, currency: Currency, now: datetime
) -> bool:
    """Book the premium of a chunk of policies; False if there is none or it was booked before."""
    total = Fen(policies * premium_fen)
    if total == 0:
        return False
    return ledger.book(tx, booking("premium", chunk_id, total, currency, partner_id=partner_id), now=now)


def book_refund(
    tx: Tx, *, cause: str, partner_id: PartnerId, refund_fen: Fen, currency: Currency, now: datetime
) -> bool:
    """Book what is given back for a canceled policy, or for a chunk of them in one amount: ``cause`` is its id.

    False if there is nothing or it was booked before. It may come before the premium.
    """
    if refund_fen == 0:
        return False
    return ledger.book(tx, booking("premium_refund", cause, refund_fen, currency, partner_id=partner_id), now=now)


def book_change(
    tx: Tx, *, endorsement_id: str, partner_id: PartnerId, delta_fen: Fen, currency: Currency, now: datetime
) -> bool:
    """Book what a change of a policy costs, or gives back below zero; False if nothing, or it was booked before."""
    if delta_fen == 0:
        return False
    kind: Kind = "premium_added" if delta_fen > 0 else "premium_returned"
    new = booking(kind, endorsement_id, Fen(abs(delta_fen)), currency, partner_id=partner_id)
    return ledger.book(tx, new, now=now)
