"""Changes of a running policy: what may be asked for, what is wrong with it, and from which day it counts. Pure.

The person is the unit: a phone number that changes hands moves no cover, and a corrected name is the same person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from services.enrollment.products.domain.amounts import Amounts
from services.enrollment.products.domain.cover import today_of, zone_of
from services.enrollment.products.domain.pricing import USUAL_RATE, Item, personal_faults
from shared.events.products import ProductPublished
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import EventId, PolicyId
from shared.values.money import Fen

EndorsementKind: TypeAlias = Literal["item_added", "item_removed", "phone_changed", "name_corrected"]


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """The policy is to list one thing more, from a day on (None: from tomorrow)."""

    item: Item
    effective_date: date | None


@dataclass(frozen=True, slots=True)
class ItemRemoved:
    """The policy is to list a thing no more, from a day on (None: from tomorrow)."""

    reference: str
    effective_date: date | None


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """The same person has another number, in normal form."""

    phone: str


@dataclass(frozen=True, slots=True)
class NameCorrected:
    """The same person's name was written wrongly."""

    name: str


Change: TypeAlias = ItemAdded | ItemRemoved | PhoneChanged | NameCorrected


@dataclass(frozen=True, slots=True)
class Endorsement:
    """One change as stored. Amounts are charged, or given back below zero; ``item`` is what was added or removed."""

    endorsement_id: str
    policy_id: PolicyId
    version: int
    kind: EndorsementKind
    endorsed_at: datetime
    effective_at: datetime
    amounts: Amounts
    item: str | None
    endorsed_by: str
    event_id: EventId


def first_day(
    asked: date | None,
    terms: ProductPublished,
    cover: tuple[datetime, datetime],
    now: datetime,
    *,
    back_dating_days: int,
    after: date | None,
) -> date:
    """From which day a change of what is listed counts; ``after`` is the day of the last change of the same thing.

    Raises:
        InvalidField: before the contract's grace, the cover or ``after``, or when the cover is over.
    """
    zone = zone_of(terms)
    today = today_of(terms, now)
    begins, ends = (moment.astimezone(zone).date() for moment in cover)
    from_here = begins if after is None else max(begins, after)
    earliest = max(from_here, today - timedelta(days=back_dating_days))
    last = ends - timedelta(days=1)
    day = asked if asked is not None else min(max(from_here, today + timedelta(days=1)), last)
    if not earliest <= day <= last:
        raise InvalidField(
            "/effective_date",
            "It would count before the contract or an earlier change of this allows, or when the cover is over.",
            f"Send a day from {earliest} to {last}, or leave it out for the next one that can be.",
        )
    return day


def with_item(items: Sequence[Item], added: Item, terms: ProductPublished) -> list[Item]:
    """What the policy lists with one item more.

    Raises:
        InvalidField: the product lists nothing, it is listed already, or there are as many as may be.
        InvalidFields: it holds what looks like a personal number.
    """
    listed = terms.scheduled_items
    if listed is None:
        raise InvalidField("/kind", "This product lists nothing one by one.", "Leave the policy as it is.")
    if faults := tuple(personal_faults(added, "/item")):
        raise InvalidFields(faults)
    if added.reference in [item.reference for item in items]:
        raise InvalidField("/item/reference", "The policy lists it already.", "Send another reference.")
    if len(items) >= listed.most:
        raise InvalidField("/item", f"A policy lists {listed.most} at most.", "Remove one first.")
    return [*items, added]


def without_item(items: Sequence[Item], reference: str, terms: ProductPublished) -> list[Item]:
    """What the policy lists with one item less.

    Raises:
        InvalidField: it does not list it, or lists nothing else.
    """
    if terms.scheduled_items is None:
        raise InvalidField("/kind", "This product lists nothing one by one.", "Leave the policy as it is.")
    left = [item for item in items if item.reference != reference]
    if len(left) == len(items):
        raise InvalidField("/item_reference", "The policy does not list it.", "Send the reference of one that it does.")
    if not left:
        raise InvalidField("/item_reference", "The policy lists nothing else.", "Cancel the policy instead.")
    return left


def item_premium(terms: ProductPublished, rate_percent: int) -> Fen:
    """What one item costs over a whole term at the policy's rate, half a fen up."""
    each = terms.scheduled_items.premium_fen_each if terms.scheduled_items else 0
    return Fen((each * rate_percent + USUAL_RATE // 2) // USUAL_RATE)
