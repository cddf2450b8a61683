"""Statements, the parts of their files and their totals. Which lines belong to a month is statement_lines' to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.enrollment.statements.domain.statements import Statement, Sum, TransactionType, next_month
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.money import Currency
from shared.values.periods import Period

FIRST_STAGE: Final = "chunks"
SCHEDULE: Final = "schedule"
"""Who is said to have started a statement that nobody asked for by hand, here and in the audit trail."""

_START: Final = """
INSERT INTO statements (statement_id, partner_no, month, currency, state, stage, started_at, started_by, due_day)
VALUES (%s, %s, %s, %s, 'drawing', %s, %s, %s, %s) ON CONFLICT (partner_no, month, currency) DO NOTHING
"""


def start(
    tx: Tx,
    statement_id: str,
    *,
    partner_no: int,
    month: date,
    currency: Currency,
    due_day: date,
    actor: str,
    now: datetime,
) -> bool:
    """A statement that the worker will draw; False where the month has one."""
    return tx.execute(_START, (statement_id, partner_no, month, currency, FIRST_STAGE, now, actor, due_day)) == 1


_STATEMENT: Final = Columns(
    Statement,
    partner_id="p.partner_id",
    partner_name="p.name",
    totals="""(SELECT coalesce(json_object_agg(transaction_type, json_build_object(
        'lines', lines, 'premium', premium_fen, 'tax', tax_fen, 'compensation', compensation_fen, 'digest', digest)
        ORDER BY transaction_type), '{}') FROM statement_totals t WHERE t.statement_id = s.statement_id)""",
)
_HEAD: Final = f"SELECT {_STATEMENT.of('s')} FROM statements s JOIN partners p USING (partner_no)"
_ONE: Final = f"""{_HEAD}
WHERE s.statement_id = %(id)s AND (%(partner)s::integer IS NULL OR s.partner_no = %(partner)s)
"""
_LOCK: Final = "SELECT 1 FROM statements WHERE statement_id = %s FOR UPDATE"


def statement(tx: Tx, statement_id: str, *, partner_no: int | None, lock: bool = False) -> Statement | None:
    """One statement, of this partner alone where ``partner_no`` is given. ``lock`` keeps others from changing it."""
    if lock:
        tx.one(_LOCK, (statement_id,))
    return tx.one(_ONE, {"id": statement_id, "partner": partner_no}, into=Statement)


_OF_MONTH: Final = f"{_HEAD} WHERE s.partner_no = %s AND s.month = %s AND s.currency = %s"


def of_month(tx: Tx, partner_no: int, month: date, currency: Currency) -> Statement | None:
    return tx.one(_OF_MONTH, (partner_no, month, currency), into=Statement)


_PAGE: Final = f"""{_HEAD}
WHERE (%(partner)s::integer IS NULL OR s.partner_no = %(partner)s)
  AND (%(month)s::date IS NULL OR s.month = %(month)s)
  AND s.statement_id > %(after)s::uuid
ORDER BY s.statement_id LIMIT %(limit)s
"""
_BEFORE_ALL: Final = UUID(int=0)


def page(tx: Tx, *, partner_no: int | None, month: date | None, after: UUID | None, limit: int) -> list[Statement]:
    """Statements in the order in which they were started."""
    parameters: dict[str, object] = {
        "partner": partner_no,
        "month": month,
        "after": str(after or _BEFORE_ALL),
        "limit": limit,
    }
    return tx.all(_PAGE, parameters, into=Statement)


# Partners and currencies that have a statement already are left out first, so that little is looked for; without
# MATERIALIZED, and without LIMIT where they sold, PostgreSQL 18 reads all chunks of the month each time. What was
# booked is stated whatever the contract says by now: it may have been said anew for the next period, a product may have
# left it, and a partner that sells nothing any more still has cancellations to be given back. The contract says who is
# told that nothing was booked, and nothing else.
_WITHOUT: Final = """
WITH lacking AS MATERIALIZED (
    SELECT p.partner_no, p.settlement_day, p.state, p.first_day, p.last_day, c.currency
    FROM partners p
    CROSS JOIN (SELECT DISTINCT terms ->> 'currency' AS currency FROM product_versions) c
    WHERE (%(only)s::integer IS NULL OR p.partner_no = %(only)s) AND NOT EXISTS (
        SELECT FROM statements s WHERE s.partner_no = p.partner_no AND s.month = %(month)s AND s.currency = c.currency
    )
)
SELECT p.partner_no, p.settlement_day, p.currency
FROM lacking p
WHERE (NOT %(booked_alone)s AND p.state <> 'wind_down'
    AND p.first_day < %(next_month)s AND p.last_day >= %(month)s AND EXISTS (
    SELECT FROM partner_products s JOIN products d USING (product_code) JOIN product_versions v USING (product_id)
    WHERE s.partner_no = p.partner_no AND v.terms ->> 'currency' = p.currency
) OR (
    SELECT true FROM policy_chunks k
    JOIN product_versions v ON v.product_id = k.product_id AND v.version = k.product_version
    WHERE k.partner_no = p.partner_no AND k.enrolled_at >= %(start)s AND k.enrolled_at < %(end)s
      AND v.terms ->> 'currency' = p.currency LIMIT 1
) OR EXISTS (
    SELECT FROM cancellations x JOIN policies o USING (policy_id)
    JOIN product_versions v ON v.product_id = o.product_id AND v.version = o.product_version
    WHERE o.partner_no = p.partner_no AND x.canceled_at >= %(start)s AND x.canceled_at < %(end)s
      AND v.terms ->> 'currency' = p.currency
) OR EXISTS (
    SELECT FROM endorsements e JOIN policies o USING (policy_id)
    JOIN product_versions v ON v.product_id = o.product_id AND v.version = o.product_version
    WHERE partner_as_of(o.policy_id, e.version) = p.partner_no
      AND e.endorsed_at >= %(start)s AND e.endorsed_at < %(end)s AND v.terms ->> 'currency' = p.currency
) OR EXISTS (
    SELECT FROM statement_disputes x JOIN statements s USING (statement_id)
    WHERE s.partner_no = p.partner_no AND s.currency = p.currency AND x.state = 'upheld'
      AND x.answered_at >= %(start)s AND x.answered_at < %(end)s
))
ORDER BY p.partner_no, p.currency
"""


@dataclass(frozen=True, slots=True)
class Unstated:
    """A partner whose month has no statement yet."""

    partner_no: int
    settlement_day: int
    currency: Currency


def without_statement(
    tx: Tx, month: date, booked: Period, *, booked_alone: bool, only: int | None = None
) -> list[Unstated]:
    """Partners who have no statement of ``month``, although something was booked in it or their contract ran in it.

    With ``booked_alone`` those for whom something was booked in it; ``only``: this partner or none.
    """
    parameters = {
        "month": month,
        "next_month": next_month(month),
        "start": booked.start,
        "end": booked.end,
        "booked_alone": booked_alone,
        "only": only,
    }
    return tx.all(_WITHOUT, parameters, into=Unstated)


# The schedule begins all months that are missing in one transaction, so the newest one that it began says that nothing
# is missing before it. The first booking of all is an enrollment, found by one look into the index for each partner.
_NEXT_TO_BEGIN: Final = """
SELECT coalesce(
    (SELECT max(month) + interval '1 month' FROM statements WHERE started_by = %(schedule)s),
    (SELECT date_trunc('month', min(first.enrolled_at) AT TIME ZONE 'Asia/Shanghai')
     FROM partners p CROSS JOIN LATERAL (
        SELECT k.enrolled_at FROM policy_chunks k WHERE k.partner_no = p.partner_no ORDER BY k.enrolled_at LIMIT 1
     ) first)
)::date
"""


def next_to_begin(tx: Tx) -> date | None:
    """The first month that the schedule has not looked at; None where it never did and nothing was ever booked."""
    return tx.one(_NEXT_TO_BEGIN, {"schedule": SCHEDULE}, into=date)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How far the drawing of a statement is that this transaction has locked."""

    statement: Statement
    stage: str
    after_at: datetime | None
    after_id: str | None
    parts: int


_TAKE: Final = """
SELECT statement_id, stage, after_at, after_id, parts FROM statements
WHERE state = 'drawing' ORDER BY statement_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def take_next(tx: Tx) -> Drawing | None:
    """Lock the oldest statement that is to be drawn and that nobody draws; None where there is none."""
    taken = tx.one(_TAKE, into=dict[str, Any])
    if taken is None:
        return None
    of = {"id": taken.pop("statement_id"), "partner": None}
    return Drawing(statement=tx.the(_ONE, of, into=Statement), **taken)


_ADD_PART: Final = "INSERT INTO statement_parts (statement_id, part_no, lines, csv_gzip) VALUES (%s, %s, %s, %s)"
_ADD_TOTAL: Final = """
INSERT INTO statement_totals AS known (statement_id, transaction_type, lines, premium_fen, tax_fen, compensation_fen,
                                       digest)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (statement_id, transaction_type) DO UPDATE SET lines = known.lines + excluded.lines,
    premium_fen = known.premium_fen + excluded.premium_fen, tax_fen = known.tax_fen + excluded.tax_fen,
    compensation_fen = known.compensation_fen + excluded.compensation_fen,
    digest = mod(known.digest + excluded.digest, 18446744073709551616)
"""
_FURTHER: Final = """
UPDATE statements SET stage = %s, after_at = %s, after_id = %s, parts = %s
WHERE statement_id = %s AND state = 'drawing'
"""


def add_part(tx: Tx, drawing: Drawing, csv_gzip: bytes, totals: dict[TransactionType, Sum]) -> None:
    """The next piece of the file, and what its lines add up to."""
    statement_id = drawing.statement.statement_id
    tx.execute(_ADD_PART, (statement_id, drawing.parts, sum(one.lines for one in totals.values()), csv_gzip))
    for kind, one in totals.items():
        values = (statement_id, kind, one.lines, one.premium, one.tax, one.compensation, one.digest)
        tx.execute(_ADD_TOTAL, values)


def further(
    tx: Tx, drawing: Drawing, *, stage: str, after_at: datetime | None, after_id: str | None, parts: int
) -> None:
    """Where the drawing goes on."""
    tx.execute(_FURTHER, (stage, after_at, after_id, parts, drawing.statement.statement_id))


_PART: Final = "SELECT csv_gzip FROM statement_parts WHERE statement_id = %s AND part_no = %s"


def part(tx: Tx, statement_id: str, part_no: int) -> bytes | None:
    """One piece of the file; None after the last."""
    return tx.one(_PART, (statement_id, part_no), into=bytes)


_FINISH: Final = """
UPDATE statements SET state = 'drawn', drawn_at = %s, sha256 = %s WHERE statement_id = %s AND state = 'drawing'
"""


def finish(tx: Tx, statement_id: str, *, sha256: str, now: datetime) -> None:
    tx.execute(_FINISH, (now, sha256, statement_id))


_SETTLE: Final = "UPDATE statements SET state = 'settled' WHERE statement_id = %s AND state = 'drawn'"


def settle(tx: Tx, statement_id: str) -> None:
    tx.execute(_SETTLE, (statement_id,))
