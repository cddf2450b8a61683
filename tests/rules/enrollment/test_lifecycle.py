"""The steps of a policy that there are, and those that there are not."""

from __future__ import annotations

from typing import get_args

import pytest

from services.enrollment.people.domain.policies import PolicyState
from services.enrollment.policies.domain.lifecycle import BEGINNINGS, STEPS, may_step

LEGAL = {("upcoming", "in_force"), ("upcoming", "canceled"), ("in_force", "expired"), ("in_force", "canceled")}
STATES: tuple[PolicyState, ...] = get_args(PolicyState)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_policy_takes_the_four_legal_steps_and_no_other(before: PolicyState, after: PolicyState) -> None:
    assert may_step(before, after) == ((before, after) in LEGAL)


def test_every_state_can_be_reached_from_a_beginning_and_the_last_ones_are_left_by_nobody() -> None:
    reached: set[PolicyState] = set(BEGINNINGS)
    for _ in STATES:
        reached |= {after for before in reached for after in STEPS[before]}
    assert reached == set(STATES)
    assert not STEPS["canceled"]
    assert not STEPS["expired"]
