"""Days on which programs that reckon with dates go wrong, each the next one to come: a sandbox's time is never behind.

The two midnights are Shanghai's, where the insured live and books are kept, and UTC's, in which times are stored.
``python -m tests.hard_days`` says which of them continuous integration takes today.
"""

from __future__ import annotations

import calendar
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.clock import real_now

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
NOON, JUST_AFTER, JUST_BEFORE = time(12), time(0, 2), time(23, 57)
OCTOBER: Final = 10


@dataclass(frozen=True)
class HardDay:
    """When the clocks start, and why then."""

    name: str
    starts_at: datetime


def after(today: date) -> tuple[HardDay, ...]:
    """Two days ahead and more: whoever runs for hours on ``today``, in whatever zone, starts none that is past."""
    found = [HardDay(name, datetime.combine(_next(today, holds), at, zone)) for name, holds, at, zone in _KINDS]
    return tuple(found)


def of(today: date) -> HardDay:
    """One of them; each of them in turn."""
    days = after(today)
    return days[today.toordinal() % len(days)]


def _next(today: date, holds: Callable[[date], bool]) -> date:
    return next(day for day in _days_after(today + timedelta(days=1)) if holds(day))


def _days_after(day: date) -> Iterator[date]:
    while True:
        day += timedelta(days=1)
        yield day


def _last_of_month(day: date) -> bool:
    """Of another than February and December, whose last days have lines of their own."""
    return day.day == calendar.monthrange(day.year, day.month)[1] and day.month not in {2, 12}


def _on(month: int, day: int, *, leap: bool | None = None) -> Callable[[date], bool]:
    def holds(each: date) -> bool:
        return (each.month, each.day) == (month, day) and leap in {None, calendar.isleap(each.year)}

    return holds


def _worked_saturday(day: date) -> bool:
    """The first Saturday after the free week of October, on which people work for a day of it.

    So it was in each year from 2019 to 2026 but 2023. Of other years the state tells in the autumn before.
    """
    return day.month == OCTOBER and day.weekday() == calendar.SATURDAY and 8 <= day.day <= 14


_KINDS: Final = (
    ("the last day of a month", _last_of_month, NOON, SHANGHAI),
    ("the end of a month in UTC, when Shanghai is in the next one", _last_of_month, JUST_BEFORE, UTC),
    ("the end of a year", _on(12, 31), JUST_BEFORE, SHANGHAI),
    ("the first of January, when UTC is in the old year", _on(1, 1), JUST_AFTER, SHANGHAI),
    ("28 February, the last of its month", _on(2, 28, leap=False), JUST_AFTER, UTC),
    ("28 February, the day before the 29th", _on(2, 28, leap=True), JUST_BEFORE, SHANGHAI),
    ("29 February", _on(2, 29), JUST_AFTER, SHANGHAI),
    (
        "the day before a Saturday on which people work",
        lambda day: _worked_saturday(day + timedelta(days=1)),
        JUST_BEFORE,
        SHANGHAI,
    ),
    ("a Saturday on which people work", _worked_saturday, JUST_AFTER, UTC),
)

if __name__ == "__main__":
    sys.stdout.write(of(real_now().date()).starts_at.isoformat())
