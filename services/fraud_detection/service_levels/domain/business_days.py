"""Business days of the People's Republic of China, with its holidays and the weekend days that are worked for them.

They are set for one year at a time, late in the year before. For a year that the calendar does not know, weekends alone
are taken, and who asks is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE: Final = ZoneInfo("Asia/Shanghai")
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """``count`` business days; ``guessed_years`` are those of which only the weekends were known."""

    count: int
    guessed_years: frozenset[int]


@lru_cache(maxsize=4096)
def is_business_day(day: date) -> tuple[bool, bool]:
    """Whether it is one, and whether the calendar knows the year."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() <= _FRIDAY, False


def business_days_after(begin: datetime, end: datetime) -> BusinessDays:
    """The business days after the day of ``begin`` up to and with that of ``end``, by the calendar of China."""
    day, last = begin.astimezone(ZONE).date(), end.astimezone(ZONE).date()
    count, guessed = 0, set()
    while day < last:
        day += timedelta(days=1)
        works, known = is_business_day(day)
        count += works
        if not known:
            guessed.add(day.year)
    return BusinessDays(count, frozenset(guessed))
