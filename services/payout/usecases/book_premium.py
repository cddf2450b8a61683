"""Book what partners owe for policies and their changes, and what they get back. Statements are enrollment's."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain.ledger import Kind, booking
from services.payout.store import ledger
from shared.db.transaction import Tx
from shared.values.ids import PartnerId
from shared.values.money import Currency, Fen


def book_premium(
    tx: Tx, kind: Kind, cause: str, amount_fen: Fen, currency: Currency, *, partner_id: PartnerId, now: datetime
) -> bool:
    """Book an amount of premium; ``cause`` is the id of the chunk, the policy or the change that it is for.

    False if there is nothing, or it was booked before. What is given back may come before the premium.
    """
    if amount_fen == 0:
        return False
    return ledger.book(tx, booking(kind, cause, amount_fen, currency, partner_id=partner_id), now=now)
