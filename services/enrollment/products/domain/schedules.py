"""What a policy holds besides its insured: answers, grade and items, and how far back a claims-made policy reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from services.enrollment.products.domain.cover import zone_of
from services.enrollment.products.domain.pricing import NOTHING_TOLD, Item, Price, Risk
from shared.events.products import ProductPublished
from shared.values.errors import InvalidField
from shared.values.periods import days_from


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """What a request tells besides the insured."""

    risk: Risk = NOTHING_TOLD
    retroactive_date: date | None = None


NOTHING_ORDERED: Final = ScheduleRequest()


@dataclass(frozen=True, slots=True)
class Schedule:
    """As stored beside the policy; ``points`` and ``grade`` are None where the product asks nothing."""

    answers: Mapping[str, str]
    points: int | None
    grade: str | None
    rate_percent: int
    items: tuple[Item, ...]
    retroactive_date: date | None


def reaches_back_to(
    terms: ProductPublished, asked: date | None, first_day: date, *, continues: date | None = None
) -> date | None:
    """The day before whose midnight no act is covered; None where the product is not claims-made.

    A renewal ``continues`` the retroactive date of the policy that it follows: it may lie as far back as that one, so
    that cover which goes on year after year loses no prior acts. Else it lies at most as far back as the product
    allows. Where none is asked for, it is the earliest.

    Raises:
        InvalidField: the product has none, or it lies farther back, or after the first day.
    """
    if terms.trigger != "claims_made":
        if asked is not None:
            raise InvalidField("/retroactive_date", "This product has no retroactive date.", "Leave it out.")
        return None
    earliest = first_day - timedelta(days=terms.retroactive_days) if continues is None else continues
    if asked is None:
        return earliest
    if not earliest <= asked <= first_day:
        raise InvalidField(
            "/retroactive_date", "The date lies outside what the product allows.", f"Send {earliest} to {first_day}."
        )
    return asked


def schedule_of(
    terms: ProductPublished, order: ScheduleRequest, priced: Price, first_day: date, *, continues: date | None = None
) -> Schedule | None:
    """What is to be stored; None for a product that asks for nothing beside the insured.

    Raises:
        InvalidField: the retroactive date is not acceptable.
    """
    back_to = reaches_back_to(terms, order.retroactive_date, first_day, continues=continues)
    if terms.rating is None and terms.scheduled_items is None and back_to is None:
        return None
    return Schedule(
        order.risk.answers, priced.points, priced.grade, priced.rate_percent, tuple(order.risk.items), back_to
    )


def retroactive_from(terms: ProductPublished, schedule: Schedule | None) -> datetime | None:
    """Midnight of the retroactive date where the product is sold."""
    if schedule is None or schedule.retroactive_date is None:
        return None
    return days_from(schedule.retroactive_date, 1, zone_of(terms)).start
