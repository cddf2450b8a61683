"""The bank's statement as far as it was read: its entries in its own order, each kept once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx

_TAKE: Final = "SELECT read_up_to FROM bank_statement FOR UPDATE SKIP LOCKED"
_MOVE: Final = "UPDATE bank_statement SET read_up_to = %s WHERE read_up_to < %s"
_INSERT: Final = """
INSERT INTO bank_entries (number, reference, payout_id, status, reason, amount_fen, currency, at)
VALUES (%s, %s, (SELECT payout_id FROM payouts WHERE payout_id::text = %s), %s, %s, %s, %s, %s)
ON CONFLICT (number) DO NOTHING"""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One line of the bank's statement."""

    number: int
    reference: str
    status: str
    reason: str | None
    amount_fen: int
    currency: str
    at: datetime


def take(tx: Tx) -> int | None:
    """The number of the last entry read, locked; None while another worker reads."""
    row = tx.one(_TAKE)
    return None if row is None else int(row[0])


def keep(tx: Tx, entry: BankEntry) -> bool:
    """Store an entry and move on; False if it is there already."""
    values = (
        entry.number,
        entry.reference,
        entry.reference,
        entry.status,
        entry.reason,
        entry.amount_fen,
        entry.currency,
        entry.at,
    )
    new = tx.execute(_INSERT, values) == 1
    tx.execute(_MOVE, (entry.number, entry.number))
    return new
