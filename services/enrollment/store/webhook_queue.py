"""Facts that wait to be told to partners' servers, as written with the fact. Taking and sending them is deliveries'."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import PolicyId

_ENQUEUE: Final = """
INSERT INTO webhook_deliveries (delivery_id, webhook_id, endpoint_id, type, body, state, due_at, created_at)
SELECT uuidv7(), %(webhook_id)s, endpoint_id, %(type)s, %(body)s, 'pending', clock_timestamp(), clock_timestamp()
FROM webhook_endpoints WHERE partner_no = %(partner_no)s AND state = 'enabled' AND %(type)s = ANY(types)
"""


def enqueue(tx: Tx, partner_no: int, type_: str, body: str) -> int:
    """Queue a message for each enabled endpoint of the partner that asks for its type; how many there are."""
    return tx.execute(_ENQUEUE, {"webhook_id": new_id(), "type": type_, "body": body, "partner_no": partner_no})


_OWNER: Final = """
SELECT p.partner_no, p.partner_reference FROM policies p JOIN partners r USING (partner_no)
WHERE p.policy_id = %s AND %s = ANY(r.webhook_types)
"""


def owner(tx: Tx, policy_id: PolicyId, type_: str) -> tuple[int, str] | None:
    """The partner whose policy it is and its own number of it; None where it wants no such message."""
    row = tx.one(_OWNER, (policy_id, type_))
    return None if row is None else (row[0], row[1])


_DUE: Final = """
SELECT count(*), coalesce(extract(epoch FROM %(now)s - min(d.due_at)), 0)
FROM webhook_deliveries d JOIN webhook_endpoints e USING (endpoint_id)
WHERE d.state = 'pending' AND d.due_at <= %(now)s AND e.state = 'enabled'
  AND (e.paused_until IS NULL OR e.paused_until <= %(now)s)
"""


def due(tx: Tx, now: datetime) -> tuple[int, float]:
    """How many deliveries could be sent now, and how many seconds the oldest of them has waited for it."""
    row = tx.one(_DUE, {"now": now})
    assert row is not None  # noqa: S101  # an aggregate always answers
    return int(row[0]), float(row[1])
