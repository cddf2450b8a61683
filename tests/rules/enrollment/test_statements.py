"""Months, due days and sums of a statement."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.enrollment.statements.domain.errors import MonthNotOver
from services.enrollment.statements.domain.statements import (
    Sum,
    booked_in,
    check_over,
    due_day,
    month_before,
    month_of,
    next_month,
)
from shared.values.errors import InvalidField
from shared.values.money import Fen


def test_a_month_runs_from_midnight_to_midnight_where_the_books_are_kept() -> None:
    booked = booked_in(date(2026, 2, 1))
    assert booked.start.astimezone(UTC) == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert booked.end.astimezone(UTC) == datetime(2026, 2, 28, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 3, 1, 0, 30, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2027, 1, 15, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_the_month_before_is_that_of_china(now: datetime, month: date) -> None:
    assert month_before(now) == month


def test_no_statement_is_drawn_while_a_transaction_of_its_month_may_still_run() -> None:
    with pytest.raises(MonthNotOver) as refused:
        check_over(date(2026, 2, 1), datetime(2026, 2, 28, 16, 59, tzinfo=UTC))
    assert "2026-03-01T01:00:00+08:00" in refused.value.sentence()
    check_over(date(2026, 2, 1), datetime(2026, 2, 28, 17, 0, tzinfo=UTC))


def test_a_statement_is_due_on_the_settlement_day_of_the_month_after() -> None:
    assert due_day(date(2026, 12, 1), 28) == date(2027, 1, 28)
    assert next_month(date(2026, 1, 1)) == date(2026, 2, 1)


def test_net_is_the_premium_without_what_the_partner_keeps() -> None:
    total = Sum(2, Fen(2400), Fen(136), Fen(340)) + Sum(1, Fen(-600), Fen(-34), Fen(-85))
    assert total == Sum(3, Fen(1800), Fen(102), Fen(255))
    assert total.net == 1545


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "", "2026-01-01"])
def test_a_month_is_written_with_its_year(text: str) -> None:
    with pytest.raises(InvalidField):
        month_of(text, "/month")
    assert month_of("2026-01", "/month") == date(2026, 1, 1)
