"""Policies' schedules, of products that ask for one. What changes later is the endorsements'."""

from __future__ import annotations

import json
from typing import Final

import msgspec

from services.enrollment.products.domain.pricing import USUAL_RATE, Item
from services.enrollment.products.domain.schedules import Schedule
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_ADD: Final = """
INSERT INTO policy_schedules (policy_id, answers, points, grade, rate_percent, items, retroactive_date)
VALUES (%s, %s::jsonb, %s, %s, %s, %s::jsonb, %s)
"""


def add(tx: Tx, policy_id: PolicyId, schedule: Schedule) -> None:
    tx.execute(
        _ADD,
        (
            policy_id,
            json.dumps(dict(schedule.answers)),
            schedule.points,
            schedule.grade,
            schedule.rate_percent,
            msgspec.json.encode(schedule.items).decode(),
            schedule.retroactive_date,
        ),
    )


_SELECT: Final = """
SELECT answers, points, grade, rate_percent, items, retroactive_date FROM policy_schedules WHERE policy_id = %s
"""
_NONE: Final = Schedule({}, None, None, USUAL_RATE, (), None)


def schedule(tx: Tx, policy_id: PolicyId) -> Schedule:
    """An empty one for a policy of a product that asks for none."""
    row = tx.one(_SELECT, (policy_id,))
    if row is None:
        return _NONE
    return Schedule(row[0], row[1], row[2], row[3], msgspec.convert(row[4], tuple[Item, ...]), row[5])
