"""The bank's statement as far as it was read: its entries in its own order, each kept once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx

_TAKE: Final = "SELECT read_up_to FROM bank_statement FOR UPDATE SKIP LOCKED"
_MOVE: Final = "UPDATE bank_statement SET read_up_to = %s WHERE read_up_to < %s"


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


_ENTRY: Final = Columns(BankEntry)
_INSERT: Final = f"""
INSERT INTO bank_entries ({_ENTRY.names}, payout_id)
VALUES ({_ENTRY.places}, (SELECT payout_id FROM payouts WHERE payout_id::text = %(reference)s))
ON CONFLICT (number) DO NOTHING"""


def take(tx: Tx) -> int | None:
    """The number of the last entry read, locked; None while another worker reads."""
    return tx.one(_TAKE, into=int)


def keep(tx: Tx, entry: BankEntry) -> bool:
    """Store an entry and move on; False if it is there already."""
    new = tx.execute(_INSERT, _ENTRY.values(entry)) == 1
    tx.execute(_MOVE, (entry.number, entry.number))
    return new
