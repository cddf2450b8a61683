"""When cover begins and ends. All days are those of the product's zone; what is given back says refunds."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from shared.events.products import ProductPublished
from shared.values.periods import Period, days_from

FARTHEST_DAYS_AHEAD: Final = 90
"""Cover may be ordered a quarter ahead; a date beyond that is taken for a slip of the pen (2062 for 2026)."""


def zone_of(terms: ProductPublished) -> tzinfo:
    """The zone whose midnights bound the product's cover."""
    return ZoneInfo(terms.zone)


def today_of(terms: ProductPublished, now: datetime) -> date:
    """The calendar day at ``now`` where the product is sold."""
    return now.astimezone(zone_of(terms)).date()


def usual_first_day(today: date) -> date:
    """Where no date is asked for, cover begins at the midnight after enrollment: no part of it is back-dated."""
    return today + timedelta(days=1)


def cover_period(terms: ProductPublished, first_day: date) -> Period:
    """``term_days`` whole days from midnight of ``first_day``.

    The waiting period lies inside it: claims are judged by ``waiting_days`` from its start.
    """
    return days_from(first_day, terms.term_days, zone_of(terms))


def end_when_canceled(cover: Period, now: datetime) -> datetime:
    """Cover ends at once; where it had not begun it never does, so it ends as it would have begun."""
    return max(cover.start, min(now, cover.end))
