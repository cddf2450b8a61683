"""Book what partners owe for policies, and what they get back for canceled ones. Statements are enrollment's."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain.ledger import booking
from services.payout.store import ledger
from shared.db.transaction import Tx
from shared.values.ids import PartnerId, PolicyId
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
    tx: Tx, *, policy_id: PolicyId, partner_id: PartnerId, refund_fen: Fen, currency: Currency, now: datetime
) -> bool:
    """Book the refund of a canceled policy; False if there is none or it was booked before. It may come first."""
    if refund_fen == 0:
        return False
    return ledger.book(tx, booking("premium_refund", policy_id, refund_fen, currency, partner_id=partner_id), now=now)
