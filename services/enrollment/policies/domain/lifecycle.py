"""The states of a policy and the only steps between them. The database refuses the others by the same table.

upcoming ──▶ in_force ──▶ expired
   └────────────┴───────▶ canceled
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.people.domain.policies import PolicyState

STEPS: Final[Mapping[PolicyState, frozenset[PolicyState]]] = {
    "upcoming": frozenset({"in_force", "canceled"}),
    "in_force": frozenset({"expired", "canceled"}),
    "expired": frozenset(),
    "canceled": frozenset(),
}
"""What may follow each state; nothing follows the last two."""

BEGINNINGS: Final[frozenset[PolicyState]] = frozenset({"in_force", "upcoming"})
"""How a policy may begin: sold, or as a renewal that waits for its term."""


def may_step(before: PolicyState, after: PolicyState) -> bool:
    return after in STEPS[before]
