"""Read on in the bank's statement: transfers that were carried out late, and money that came back."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.payout.domain.answers import Accepted, Answer, Done, Rejected, Returned
from services.payout.domain.errors import BankAway
from services.payout.rail.bank import StatementLine
from services.payout.store import bank_statement
from services.payout.store.bank_statement import BankEntry
from services.payout.usecases.paying import Paying
from services.payout.usecases.settle_answer import settle
from shared.process.logs import get_logger
from shared.values.ids import PayoutId

log = get_logger()

_AT_ONCE: Final = 100
"""Lines settled in one transaction: few enough that it is over in a moment, many enough to keep up with a bank."""


def read_on(paying: Paying) -> bool:
    """Read and settle what is new; True if there may be more right now.

    The statement's position moves in the transaction of the effects, so a crash reads the same lines again.
    """
    with paying.database.transaction() as tx:
        position = bank_statement.take(tx)
    if position is None:
        return False
    try:
        lines = paying.bank.statement(position)[:_AT_ONCE]
    except BankAway as error:
        log.warning("bank_statement_unread", cause=error.cause)
        return False
    if not lines:
        return False
    with paying.database.transaction() as tx:
        if bank_statement.take(tx) != position:
            # Another worker reads, or read on since.
            return False
        # Everyone who locks several payouts locks them in one order.
        for line in lines:
            bank_statement.keep(tx, _entry(line))
        for line in sorted(lines, key=lambda line: (line.reference, line.number)):
            if _is_id(line.reference):
                settle(
                    tx,
                    PayoutId(line.reference),
                    _answer(line),
                    asked_at_version=None,
                    pace=paying.pace(),
                    now=paying.clock.now(),
                )
    return True


def _entry(line: StatementLine) -> BankEntry:
    return BankEntry(line.number, line.reference, line.status, line.reason, line.amount_fen, line.currency, line.at)


def _answer(line: StatementLine) -> Answer:
    match line.status:
        case "done":
            return Done()
        case "accepted":
            return Accepted()
        case "rejected":
            return Rejected(line.reason or "rejected")
        case "returned":
            return Returned(line.reason or "returned")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
