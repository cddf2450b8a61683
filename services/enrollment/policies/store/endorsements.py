"""Changes of running policies as stored, and what a policy lists one by one. What may be changed is the domain's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.policies.domain.endorsements import Endorsement
from services.enrollment.products.domain.amounts import Amounts
from services.enrollment.products.domain.pricing import USUAL_RATE, Item
from shared.db.transaction import Row, Tx
from shared.values.ids import EventId, PolicyId, TokenHex
from shared.values.money import Fen

_RAISE: Final = """
UPDATE policies SET version = version + 1, phone_token = coalesce(%s, phone_token)
WHERE policy_id = %s AND version = %s AND state IN ('in_force', 'upcoming')
"""
_ADD: Final = """
INSERT INTO endorsements (endorsement_id, policy_id, version, kind, endorsed_at, effective_at, premium_delta_fen,
                          tax_delta_fen, compensation_delta_fen, endorsed_by, details, event_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
"""


def add(tx: Tx, new: Endorsement, *, phone_token: TokenHex | None) -> None:
    """Note a change of a policy that this transaction has locked; its version is the policy's new one."""
    token = None if phone_token is None else bytes.fromhex(phone_token)
    raised = tx.execute(_RAISE, (token, new.policy_id, new.version - 1))
    assert raised == 1  # noqa: S101  # locked, and its version was read after that
    values = (
        new.endorsement_id,
        new.policy_id,
        new.version,
        new.kind,
        new.endorsed_at,
        new.effective_at,
        new.amounts.premium,
        new.amounts.tax,
        new.amounts.compensation,
        new.endorsed_by,
        json.dumps({} if new.item is None else {"item": new.item}),
        new.event_id,
    )
    tx.execute(_ADD, values)


_PAGE: Final = """
SELECT endorsement_id, policy_id, version, kind, endorsed_at, effective_at, premium_delta_fen, tax_delta_fen,
       compensation_delta_fen, details ->> 'item', endorsed_by, event_id
FROM endorsements WHERE policy_id = %s AND version > %s ORDER BY version LIMIT %s
"""


def page(tx: Tx, policy_id: PolicyId, *, after_version: int, limit: int) -> list[Endorsement]:
    """A policy's changes in the order in which they were made."""
    return [_endorsement(row) for row in tx.all(_PAGE, (policy_id, after_version, limit))]


_LAST_CHANGE: Final = """
SELECT effective_at FROM endorsements WHERE policy_id = %s AND details ->> 'item' = %s ORDER BY version DESC LIMIT 1
"""


def last_change_of(tx: Tx, policy_id: PolicyId, item: str) -> datetime | None:
    """From when a thing was listed last, or listed no more; None where it is as it was sold."""
    row = tx.one(_LAST_CHANGE, (policy_id, item))
    return None if row is None else row[0]


_PREMIUM: Final = "SELECT coalesce(sum(premium_delta_fen), 0)::bigint FROM endorsements WHERE policy_id = %s"


def premium(tx: Tx, policy_id: PolicyId) -> Fen:
    """What a policy's changes added to its premium; below zero, what they took off."""
    row = tx.one(_PREMIUM, (policy_id,))
    assert row is not None  # noqa: S101  # a sum is always one row
    return Fen(row[0])


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a policy lists, and the rate at which its items are charged."""

    items: tuple[Item, ...]
    rate_percent: int


_SCHEDULE: Final = "SELECT items, rate_percent FROM policy_schedules WHERE policy_id = %s"
_SET_ITEMS: Final = "UPDATE policy_schedules SET items = %s::jsonb WHERE policy_id = %s"


def schedule(tx: Tx, policy_id: PolicyId) -> Schedule:
    """Of a policy that lists nothing: no items."""
    row = tx.one(_SCHEDULE, (policy_id,))
    return Schedule((), USUAL_RATE) if row is None else Schedule(msgspec.convert(row[0], tuple[Item, ...]), row[1])


def set_items(tx: Tx, policy_id: PolicyId, items: Sequence[Item]) -> None:
    tx.execute(_SET_ITEMS, (msgspec.json.encode(items).decode(), policy_id))


def _endorsement(row: Row) -> Endorsement:
    return Endorsement(
        endorsement_id=row[0],
        policy_id=PolicyId(row[1]),
        version=row[2],
        kind=row[3],
        endorsed_at=row[4],
        effective_at=row[5],
        amounts=Amounts(Fen(row[6]), Fen(row[7]), Fen(row[8])),
        item=row[9],
        endorsed_by=row[10],
        event_id=EventId(row[11]),
    )
