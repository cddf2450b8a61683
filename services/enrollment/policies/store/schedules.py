"""Policies' schedules, of products that ask for one. What changes later is the endorsements'."""

from __future__ import annotations

from typing import Final

from services.enrollment.products.domain.pricing import USUAL_RATE
from services.enrollment.products.domain.schedules import Schedule
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_SCHEDULE: Final = Columns(Schedule)
_ADD: Final = f"""
INSERT INTO policy_schedules (policy_id, {_SCHEDULE.names}) VALUES (%(policy_id)s, {_SCHEDULE.places})
"""


def add(tx: Tx, policy_id: PolicyId, schedule: Schedule) -> None:
    tx.execute(_ADD, {**_SCHEDULE.values(schedule), "policy_id": policy_id})


_SELECT: Final = f"SELECT {_SCHEDULE} FROM policy_schedules WHERE policy_id = %s"
_NONE: Final = Schedule({}, None, None, USUAL_RATE, (), None)


def schedule(tx: Tx, policy_id: PolicyId) -> Schedule:
    """An empty one for a policy of a product that asks for none."""
    return tx.one(_SELECT, (policy_id,), into=Schedule) or _NONE
