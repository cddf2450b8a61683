"""When cover begins and ends, and what is given back when it ends early. All days are those of the product's zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from shared.events.products import ProductPublished
from shared.values.money import Fen
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


def refund(premium: Fen, cover: Period, zone: tzinfo, *, now: datetime, paid: Fen) -> Fen:
    """Premium for the whole days not yet begun, pro rata and rounded down to a fen; nothing once a claim was paid.

    The insurer keeps earned premium pro rata temporis (Insurance Law of the PRC, article 54: premium from the start of
    liability to termination is kept, the rest returned).
    """
    if paid > 0:
        return Fen(0)
    first = cover.start.astimezone(zone).date()
    end = cover.end.astimezone(zone).date()
    next_day = now.astimezone(zone).date() + timedelta(days=1) if now >= cover.start else first
    unused = max(0, (end - max(first, next_day)).days)
    return Fen(premium * unused // (end - first).days)
