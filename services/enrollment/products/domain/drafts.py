"""A proposed product version: one person proposes it, another one approves or rejects it. Its terms never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.enrollment.products.domain.errors import DraftDecided, DraftOutdated, DraftTooLate, SecondPersonNeeded
from shared.events.products import ProductPublished

DraftState = Literal["proposed", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Draft:
    """``terms`` carry the number that the version would have: the one after ``based_on`` (0: a new product)."""

    draft_id: str
    terms: ProductPublished
    begins_when_approved: bool
    """Whether ``terms.effective_from`` is still to be set to the moment of the approval."""
    based_on: int
    state: DraftState
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None


def check_decidable(draft: Draft) -> None:
    """Whether it still waits for a decision.

    Raises:
        DraftDecided: it was approved or rejected before.
    """
    if draft.state != "proposed":
        raise DraftDecided(draft.draft_id, draft.state)


def check_approvable(draft: Draft, *, by: str, newest: int, now: datetime) -> None:
    """Whether this person may publish this draft now.

    Raises:
        DraftDecided: it was approved or rejected before.
        SecondPersonNeeded: the person proposed it.
        DraftOutdated: another version was published since, with which nobody compared it.
        DraftTooLate: it would begin in the past.
    """
    check_decidable(draft)
    if by == draft.proposed_by:
        raise SecondPersonNeeded(draft.draft_id)
    if newest != draft.based_on:
        raise DraftOutdated(draft.draft_id, draft.based_on, newest)
    if not draft.begins_when_approved and draft.terms.effective_from < now:
        raise DraftTooLate(draft.draft_id, draft.terms.effective_from.isoformat())
