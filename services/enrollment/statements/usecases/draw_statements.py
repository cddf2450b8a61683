"""Draws statements: starts those of the month before, and writes each one's file piece by piece, a piece a transaction.

Where a worker is killed, the piece it was at is as if never begun, and the next worker writes it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from services.enrollment.partners.domain.errors import UnknownPartner
from services.enrollment.partners.store import partners
from services.enrollment.statements.domain.errors import StatementExists
from services.enrollment.statements.domain.line_digest import digest_of
from services.enrollment.statements.domain.statements import (
    COLUMNS,
    DRAWN_AFTER,
    Statement,
    StatementLine,
    Sum,
    TransactionType,
    booked_in,
    check_over,
    due_day,
    fields,
    month_before,
    next_month,
)
from services.enrollment.statements.store import statement_lines, statements
from services.enrollment.statements.store.statement_lines import FoundLines, Wanted
from services.enrollment.statements.store.statements import SCHEDULE, Drawing
from services.enrollment.statements.usecases.statement_file import csv_pieces
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.logs import get_logger
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId
from shared.values.money import Currency

log = get_logger()

_STAGES: Final[dict[str, Callable[[Tx, Wanted], FoundLines]]] = {
    statements.FIRST_STAGE: statement_lines.sold,
    "endorsements": statement_lines.endorsed,
    "cancellations": statement_lines.canceled,
    "adjustments": statement_lines.adjusted,
}
_DONE: Final = "done"
_NEXT: Final = dict(zip(_STAGES, (*list(_STAGES)[1:], _DONE), strict=True))


def start_statement(
    tx: Tx, partner_id: PartnerId, month: date, currency: Currency, *, actor: str, now: datetime
) -> Statement:
    """A statement that the worker will draw.

    Raises:
        UnknownPartner: there is no such partner.
        MonthNotOver: something may still be booked into the month.
        InvalidField: nothing was booked in it, and the contract did not run in it.
        StatementExists: it was drawn before; a statement never changes.
    """
    contract = partners.contract(tx, partner_id)
    if contract is None:
        raise UnknownPartner(partner_id)
    check_over(month, now)
    known = statements.of_month(tx, contract.partner_no, month, currency)
    if known is not None:
        raise StatementExists(known.statement_id)
    unstated = statements.without_statement(tx, month, booked_in(month), booked_alone=False, only=contract.partner_no)
    if all(one.currency != currency for one in unstated):
        raise InvalidField(
            "/month",
            "Nothing was booked in this month, and the contract does not run in it.",
            f"It runs from {contract.first_day} to {contract.last_day} ({contract.state}).",
        )
    _start(tx, contract.partner_no, contract.settlement_day, month, currency, actor=actor, now=now)
    begun = statements.of_month(tx, contract.partner_no, month, currency)
    assert begun is not None  # noqa: S101  # started, or it was there
    if begun.state != "drawing" or begun.started_at != now:
        raise StatementExists(begun.statement_id)
    return begun


def start_due_statements(tx: Tx, *, now: datetime) -> int:
    """Start the statement of the month that was over last for each partner that has none; how many were started.

    Of earlier months, however long no worker ran, those in which something was booked. Once they were begun, and in the
    same transaction, they are not looked at again: nothing is booked into a month that is over.
    """
    latest = month_before(now - DRAWN_AFTER)
    started = 0
    month = min(statements.next_to_begin(tx) or latest, latest)
    while month <= latest:
        for one in statements.without_statement(tx, month, booked_in(month), booked_alone=month != latest):
            _start(tx, one.partner_no, one.settlement_day, month, one.currency, actor=SCHEDULE, now=now)
            started += 1
        month = next_month(month)
    return started


def _start(
    tx: Tx, partner_no: int, settlement_day: int, month: date, currency: Currency, *, actor: str, now: datetime
) -> None:
    statement_id = new_id()
    started = statements.start(
        tx,
        statement_id,
        partner_no=partner_no,
        month=month,
        currency=currency,
        due_day=due_day(month, settlement_day),
        actor=actor,
        now=now,
    )
    if started:
        details: dict[str, str | int | None] = {"month": f"{month:%Y-%m}", "currency": currency}
        audit.record(tx, actor=actor, action="statement.started", subject=statement_id, details=details, now=now)


def draw_next(tx: Tx, *, now: datetime) -> bool:
    """Write the next piece of the oldest statement that nobody draws; False where there is none."""
    drawing = statements.take_next(tx)
    if drawing is None:
        return False
    if drawing.stage == _DONE:
        _finish(tx, drawing, now=now)
        return True
    statement = drawing.statement
    if drawing.parts == 0:
        statements.add_part(tx, drawing, _zipped([COLUMNS]), {})
        statements.further(tx, drawing, stage=drawing.stage, after_at=None, after_id=None, parts=1)
        return True
    wanted = Wanted(
        statement.partner_no, statement.currency, booked_in(statement.month), drawing.after_at, drawing.after_id
    )
    found = _STAGES[drawing.stage](tx, wanted)
    if not found.more:
        statements.further(tx, drawing, stage=_NEXT[drawing.stage], after_at=None, after_id=None, parts=drawing.parts)
        return True
    written = [fields(line, statement.month, statement.partner_name, statement.currency) for line in found.lines]
    statements.add_part(tx, drawing, _zipped(written), _added_up(found.lines))
    statements.further(
        tx,
        drawing,
        stage=drawing.stage,
        after_at=found.after_at,
        after_id=found.after_id,
        parts=drawing.parts + 1,
    )
    return True


def _finish(tx: Tx, drawing: Drawing, *, now: datetime) -> None:
    statement = drawing.statement
    hashed = hashlib.sha256()
    for piece in csv_pieces(tx, statement.statement_id):
        hashed.update(piece)
    statements.finish(tx, statement.statement_id, sha256=hashed.hexdigest(), now=now)
    total = statement.total
    details: dict[str, str | int | None] = {
        "lines": total.lines,
        "premium_fen": total.premium,
        "net_fen": total.net,
        "sha256": hashed.hexdigest(),
    }
    audit.record(tx, actor=SCHEDULE, action="statement.drawn", subject=statement.statement_id, details=details, now=now)
    log.info("statement_drawn", statement_id=statement.statement_id, lines=total.lines)


def _added_up(lines: Sequence[StatementLine]) -> dict[TransactionType, Sum]:
    totals: dict[TransactionType, Sum] = {}
    for line in lines:
        digest = digest_of(line.transaction_type, line.reference, line.policy_id, line.premium)
        one = Sum(1, line.premium, line.tax, line.compensation, digest)
        totals[line.transaction_type] = totals.get(line.transaction_type, Sum()) + one
    return totals


def _zipped(rows: Sequence[Sequence[str | int]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    # Without the time: the same lines are the same bytes.
    return gzip.compress(text.getvalue().encode(), compresslevel=6, mtime=0)
