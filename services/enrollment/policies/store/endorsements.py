"""Changes of running policies as stored, and what a policy lists one by one. What may be changed is the domain's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.policies.domain.endorsements import Endorsement
from services.enrollment.products.domain.pricing import Item
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex
from shared.values.money import Fen

_RAISE: Final = """
UPDATE policies SET version = version + 1, phone_token = coalesce(%s, phone_token)
WHERE policy_id = %s AND version = %s AND state IN ('in_force', 'upcoming')
"""
_ENDORSEMENT: Final = Columns(
    Endorsement,
    amounts={"premium": "premium_delta_fen", "tax": "tax_delta_fen", "compensation": "compensation_delta_fen"},
    item="details ->> 'item'",
)
_ADD: Final = f"""
INSERT INTO endorsements ({_ENDORSEMENT.names}, details) VALUES ({_ENDORSEMENT.places}, %(details)s)
"""


def add(tx: Tx, new: Endorsement, *, phone_token: TokenHex | None) -> None:
    """Note a change of a policy that this transaction has locked; its version is the policy's new one."""
    token = None if phone_token is None else bytes.fromhex(phone_token)
    raised = tx.execute(_RAISE, (token, new.policy_id, new.version - 1))
    assert raised == 1  # noqa: S101  # locked, and its version was read after that
    details = {} if new.item is None else {"item": new.item}
    tx.execute(_ADD, {**_ENDORSEMENT.values(new), "details": json.dumps(details)})


_PAGE: Final = f"""
SELECT {_ENDORSEMENT} FROM endorsements WHERE policy_id = %s AND version > %s ORDER BY version LIMIT %s
"""


def page(tx: Tx, policy_id: PolicyId, *, after_version: int, limit: int) -> list[Endorsement]:
    """A policy's changes in the order in which they were made."""
    return tx.all(_PAGE, (policy_id, after_version, limit), into=Endorsement)


_LAST_CHANGE: Final = """
SELECT effective_at FROM endorsements WHERE policy_id = %s AND details ->> 'item' = %s ORDER BY version DESC LIMIT 1
"""


def last_change_of(tx: Tx, policy_id: PolicyId, item: str) -> datetime | None:
    """From when a thing was listed last, or listed no more; None where it is as it was sold."""
    return tx.one(_LAST_CHANGE, (policy_id, item), into=datetime)


_PREMIUM: Final = "SELECT coalesce(sum(premium_delta_fen), 0)::bigint FROM endorsements WHERE policy_id = %s"


def premium(tx: Tx, policy_id: PolicyId) -> Fen:
    """What a policy's changes added to its premium; below zero, what they took off."""
    return tx.the(_PREMIUM, (policy_id,), into=Fen)


_SET_ITEMS: Final = "UPDATE policy_schedules SET items = %s::jsonb WHERE policy_id = %s"


def set_items(tx: Tx, policy_id: PolicyId, items: Sequence[Item]) -> None:
    tx.execute(_SET_ITEMS, (msgspec.json.encode(items).decode(), policy_id))
