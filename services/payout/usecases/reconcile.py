"""Compare our book with the bank's own, while payments go on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from services.payout.domain.reconciliation import BankTransfer, Finding, OurTransfer, differences
from services.payout.domain.states import OPEN_AT_THE_BANK
from services.payout.rail.bank import Bank
from services.payout.store import payouts
from shared.db.pool import Database


@dataclass(frozen=True, slots=True)
class Total:
    """Transfers whose money moved and stayed: how many, and fen by currency."""

    count: int
    fen_by_currency: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both books at about the same moment, and where they differ for good."""

    checked_at: datetime
    ours: Total
    bank: Total
    open: int
    """Payouts that the bank may know more about; they are not differences."""
    findings: tuple[Finding, ...]


def reconcile(database: Database, bank: Bank, *, now: datetime) -> Reconciliation:
    """Read our book, the bank's, and ours again: a payment in between is no difference.

    Raises:
        BankAway: the bank's book cannot be read now.
    """
    with database.transaction() as tx:
        before = payouts.sent(tx)
    theirs = bank.book()
    with database.transaction() as tx:
        after = payouts.sent(tx)
    return Reconciliation(
        checked_at=now,
        ours=_total([each for each in after.values() if each.state == "paid"]),
        bank=_total([each for each in theirs.values() if each.status == "done"]),
        open=sum(each.state in OPEN_AT_THE_BANK for each in after.values()),
        findings=tuple(differences(before, theirs, after)),
    )


def _total(transfers: list[OurTransfer] | list[BankTransfer]) -> Total:
    sums: dict[str, int] = defaultdict(int)
    for each in transfers:
        sums[each.currency] += each.amount_fen
    return Total(len(transfers), dict(sums))
