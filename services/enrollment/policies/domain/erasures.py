"""When a person may be forgotten. Pure.

Insurance Law of the PRC, article 87: records of an insurance contract are kept from its end, five years where its term
is one year or less and ten where it is longer. Until then a wish alone erases nobody; a mistake or a court does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from services.enrollment.people.domain.policies import CancelReason
from shared.values.ids import PolicyId

Ground: TypeAlias = Literal["request_after_retention", "enrolled_by_mistake", "court_order"]
OVERRIDING: Final[frozenset[Ground]] = frozenset({"enrolled_by_mistake", "court_order"})

ERASED_REFERENCE: Final = "erased"
"""What stands in place of the partner's own number of the person, by which the partner could tell who it was."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Contracts whose term is at most so many days long are kept so many years after their end."""

    terms_up_to_days: int
    kept_years: int


def kept_until(ended: date, term_days: int, rules: Sequence[RetentionRule]) -> date:
    """The first day on which the records may go; of 29 February, the first of March of a year without one."""
    years = min((rule.terms_up_to_days, rule.kept_years) for rule in rules if term_days <= rule.terms_up_to_days)[1]
    try:
        return ended.replace(year=ended.year + years)
    except ValueError:
        return date(ended.year + years, 3, 1)


def end_reason(ground: Ground) -> CancelReason:
    """Why cover that still runs ends with the erasure: nobody could be paid any more."""
    return "enrolled_by_mistake" if ground == "enrolled_by_mistake" else "other"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One person forgotten: how many policies it touched, never who it was."""

    erasure_id: str
    ground: Ground
    policy_ids: tuple[PolicyId, ...]
