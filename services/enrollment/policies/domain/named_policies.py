"""What a row of a file may mean by a partner's reference: policies as they stood when the file came. Pure.

Which of them a row takes off or renews is removals' and renewals' to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.enrollment.people.domain.policies import PolicyState, state_at
from shared.values.ids import PolicyId


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy that stands under a reference now and is the partner's, or was when a file came."""

    policy_id: PolicyId
    state: PolicyState
    sold_at: datetime
    """When it was ordered; of a row of a file, when that file came."""
    taken_over_at: datetime | None
    """When it came to the partner from another one, if it did."""
    effective_from: datetime
    effective_to: datetime
    consent_given_at: datetime
    renews: PolicyId | None

    def runs_at(self, moment: datetime) -> bool:
        """By the calendar, whether the job that writes down the ends of terms has been there or not."""
        return state_at(self.state, self.effective_from, self.effective_to, moment) == "in_force"

    def held_by(self, moment: datetime) -> bool:
        """Whether it was the partner's by then, in whatever state."""
        return self.sold_at <= moment and not self.came_after(moment)

    def came_after(self, moment: datetime) -> bool:
        """Whether it was another partner's then."""
        return self.taken_over_at is not None and self.taken_over_at > moment

    def waited_at(self, moment: datetime) -> bool:
        """Whether it is a renewal whose term had not begun then."""
        return self.renews is not None and self.effective_from > moment


def running(policies: Iterable[NamedPolicy], moment: datetime) -> list[PolicyId]:
    """Those of them that ran at ``moment`` and have not ended since, and what began since."""
    return [each.policy_id for each in policies if each.runs_at(moment)]
