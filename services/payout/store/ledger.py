"""The ledger's rows. They are only added; that each transfer sums to zero is checked by the database at commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.payout.domain.ledger import Booking
from shared.db.transaction import Tx
from shared.process.new_ids import new_id

_INSERT: Final = """
INSERT INTO ledger_transfers (transfer_id, kind, cause, payout_id, partner_id, booked_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT booked_once DO NOTHING"""
_INSERT_ENTRIES: Final = "INSERT INTO ledger_entries (transfer_id, line, account, amount_fen, currency) VALUES %s"
_BALANCES: Final = """
SELECT a.account, a.kind, a.name_zh, a.name_en, COALESCE(e.currency, 'CNY') AS currency,
       COALESCE(sum(e.amount_fen) FILTER (WHERE e.amount_fen > 0), 0)::bigint AS debits_fen,
       COALESCE(-sum(e.amount_fen) FILTER (WHERE e.amount_fen < 0), 0)::bigint AS credits_fen
FROM ledger_accounts a LEFT JOIN ledger_entries e USING (account)
GROUP BY a.account, e.currency ORDER BY a.account, e.currency"""
_PAGE: Final = """
SELECT t.transfer_id, t.kind, t.cause, t.payout_id, t.partner_id, t.booked_at,
       jsonb_agg(to_jsonb(e) ORDER BY e.line) AS entries
FROM (SELECT * FROM ledger_transfers
      WHERE (%(payout_id)s::uuid IS NULL OR payout_id = %(payout_id)s)
        AND (%(after)s::uuid IS NULL OR transfer_id > %(after)s)
      ORDER BY transfer_id LIMIT %(limit)s) t
JOIN ledger_entries e USING (transfer_id)
GROUP BY t.transfer_id, t.kind, t.cause, t.payout_id, t.partner_id, t.booked_at ORDER BY t.transfer_id"""


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in one currency: the sums of its debits and of its credits, both positive, in fen."""

    account: str
    kind: str
    name_zh: str
    name_en: str
    currency: str
    debits_fen: int
    credits_fen: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    account: str
    amount_fen: int
    currency: str


@dataclass(frozen=True, slots=True)
class StoredTransfer:
    transfer_id: str
    kind: str
    cause: str
    payout_id: str | None
    partner_id: str
    booked_at: datetime
    entries: tuple[StoredEntry, ...]


def book(tx: Tx, booking: Booking, *, now: datetime) -> bool:
    """Add a booking; False if this kind was booked for this cause before."""
    transfer_id = new_id()
    values = (transfer_id, booking.kind, booking.cause, booking.payout_id, booking.partner_id, now)
    if tx.execute(_INSERT, values) == 0:
        return False
    rows = [
        (transfer_id, line, entry.account, entry.amount_fen, entry.currency)
        for line, entry in enumerate(booking.entries, start=1)
    ]
    tx.insert_many(_INSERT_ENTRIES, rows)
    return True


def balances(tx: Tx) -> list[Balance]:
    """All accounts; one without entries shows zeros."""
    return tx.all(_BALANCES, into=Balance)


def transfers(tx: Tx, *, payout_id: str | None, after: str | None, limit: int) -> list[StoredTransfer]:
    """Bookings in the order of their making."""
    return tx.all(_PAGE, {"payout_id": payout_id, "after": after, "limit": limit}, into=StoredTransfer)
