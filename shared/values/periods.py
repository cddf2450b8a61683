"""Spans of time: half-open, zone-aware, with day boundaries in the product's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to, not including, ``end``; both zone-aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period's ends carry a time zone")
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def days_from(first_day: date, days: int, zone: tzinfo) -> Period:
    """``days`` whole days beginning at midnight of ``first_day`` in ``zone``."""
    start = datetime.combine(first_day, datetime.min.time(), zone)
    return Period(start, datetime.combine(first_day + timedelta(days=days), datetime.min.time(), zone))
