"""Money of a loss that was paid for came back: what of it is the insurer's is owed to it."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain.ledger import booking
from services.payout.store import ledger, payouts
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.money import Currency, Fen


def take_recovery(
    tx: Tx, claim_id: ClaimId, recovery_id: str, amount_fen: Fen, currency: Currency, *, now: datetime
) -> bool:
    """Book it once; False if the claim has no payout here."""
    payout = payouts.lock_of_claim(tx, claim_id)
    if payout is None:
        return False
    entry = booking(
        "recovery_owed",
        recovery_id,
        amount_fen,
        currency,
        partner_id=payout.partner_id,
        payout_id=payout.payout_id,
    )
    ledger.book(tx, entry, now=now)
    return True
