"""To whom a case may be handed by name. Pure.

It decides nothing about the claim: whoever decides is held against all of it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.values.errors import InvalidField

ASSIGNED_FOR: Final = timedelta(days=3)
"""Longer than a weekend; then anybody may take the case, so that nobody's absence holds it."""
_FIELD: Final = "/reviewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whom a case would be handed to. ``senior`` is None where nobody of this name ever took or decided a case."""

    senior: bool | None
    decided_before: bool
    """On this claim: an appeal is another person's."""


def assignment_faults(candidate: Candidate, *, senior_decides: bool) -> Iterator[InvalidField]:
    """Why this person may not have the case. ``senior_decides``: it is the last appeal or was handed on."""
    if candidate.senior is None:
        yield InvalidField(
            _FIELD,
            "No reviewer of this name is known.",
            "Name the subject of a token; whoever took or decided a case once is known.",
        )
    elif candidate.decided_before:
        yield InvalidField(_FIELD, "This person decided on the claim before.", "Name another person.")
    elif senior_decides and not candidate.senior:
        yield InvalidField(
            _FIELD,
            "It is the last appeal or was handed on, and this person does not decide such.",
            "Name a person with the scope reviews:senior.",
        )
