"""Payout's invariants: our own books, and the bank's own book beside them, which does not take our word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from services.payout.domain.errors import BankAway
from services.payout.domain.reconciliation import BankTransfer, Finding
from services.payout.rail.bank import Bank
from services.payout.store import integrity
from services.payout.usecases.reconcile import reconcile
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import wall_now


@dataclass(frozen=True)
class Books:
    """Ours and the bank's."""

    database: Database
    bank: Bank


Run: TypeAlias = Callable[[Books], list[str]]
Moved: TypeAlias = Sequence[tuple[str, int]]
"""References of transfers, and how many fen the bank moved by each."""


def _own(find: Callable[[Tx], list[str]]) -> Run:
    def run(books: Books) -> list[str]:
        with books.database.transaction() as tx:
            return find(tx)

    return run


def _also_by_the_bank(ours: Callable[[Tx], list[str]], theirs: Callable[[Tx, Moved], list[str]]) -> Run:
    """By our ledger, and by what the bank's book says that it moved."""

    def run(books: Books) -> list[str]:
        faults = _own(ours)(books)
        moved = _moved_at_the_bank(books, faults)
        with books.database.transaction() as tx:
            return faults + theirs(tx, [(reference, each.amount_fen) for reference, each in moved.items()])

    return run


def _bank_agrees(books: Books) -> list[str]:
    """8: each of the bank's transfers is one payout of ours, with the same amount, and the other way round."""
    try:
        found = reconcile(books.database, books.bank, now=wall_now())
    except BankAway as error:
        return [error.sentence()]
    return [_sentence(finding) for finding in found.findings]


def _moved_at_the_bank(books: Books, faults: list[str]) -> dict[str, BankTransfer]:
    try:
        return {reference: each for reference, each in books.bank.book().items() if each.moved}
    except BankAway as error:
        faults.append(error.sentence())
        return {}


def _sentence(finding: Finding) -> str:
    ours = f"{finding.our_state or 'unknown'}{_amount(finding.our_amount_fen)}"
    theirs = f"{finding.bank_status or 'unknown'}{_amount(finding.bank_amount_fen)}"
    return f"{finding.kind}: transfer {finding.reference} is {ours} in our book and {theirs} in the bank's"


def _amount(amount_fen: int | None) -> str:
    return "" if amount_fen is None else f" over {amount_fen} fen"


CHECKS: Final[tuple[tuple[int, str, Run], ...]] = (
    (1, "the ledger sums to zero per currency and per transfer", _own(integrity.unbalanced)),
    (
        2,
        "at most one paid transfer per claim decision, by our ledger and the bank's book",
        _also_by_the_bank(integrity.decisions_paid_twice, integrity.decisions_moved_twice),
    ),
    (
        3,
        "paid never above the cover, by our ledger and the bank's book",
        _also_by_the_bank(integrity.paid_above_cover, integrity.moved_above_cover),
    ),
    (
        7,
        "a refused claim is never paid, by our ledger and the bank's book",
        _also_by_the_bank(integrity.refused_but_paid, integrity.refused_but_moved),
    ),
    (8, "each transfer of the bank is one payout, and agrees with it", _bank_agrees),
    (10, "no illegal state step", _own(integrity.illegal_steps)),
)
