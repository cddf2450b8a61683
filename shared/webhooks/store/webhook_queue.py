"""Facts that wait to be told to partners' servers, as written with the fact. Taking and sending them is deliveries'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.process.new_ids import new_id

_ENQUEUE: Final = """
INSERT INTO webhook_deliveries (delivery_id, webhook_id, endpoint_id, type, body, state, due_at, created_at)
SELECT uuidv7(), fact.webhook_id, e.endpoint_id, %(type)s, fact.body, 'pending', clock_timestamp(), clock_timestamp()
FROM unnest(%(partners)s, %(webhook_ids)s::uuid[], %(bodies)s) AS fact (partner_no, webhook_id, body)
JOIN webhook_endpoints e USING (partner_no)
WHERE e.state <> 'deleted' AND %(type)s = ANY(e.types) AND e.endpoint_id IS DISTINCT FROM %(but)s::uuid
"""


def enqueue(tx: Tx, type_: str, told: Sequence[tuple[int, str]], *, but: str | None = None) -> int:
    """Queue messages, each for one partner, for each endpoint of it that asks for the type; how many there are.

    ``told`` are pairs of partner and body; each is a fact of its own. What a disabled endpoint is told waits until it
    is enabled, and is dropped by age: of claims and payouts a partner can read nowhere else.
    ``but`` is an endpoint that is not told.
    """
    values: dict[str, object] = {
        "type": type_,
        "but": but,
        "partners": [partner_no for partner_no, _ in told],
        "webhook_ids": [new_id() for _ in told],
        "bodies": [body for _, body in told],
    }
    return tx.execute(_ENQUEUE, values)


# Endpoint by endpoint: what waits for disabled ones, a month of it perhaps, is not looked at.
_DUE: Final = """
SELECT coalesce(sum(d.number), 0)::bigint, coalesce(extract(epoch FROM %(now)s - min(d.due_at)), 0)::float8
FROM webhook_endpoints e CROSS JOIN LATERAL (
    SELECT count(*) AS number, min(w.due_at) AS due_at FROM webhook_deliveries w
    WHERE w.endpoint_id = e.endpoint_id AND w.state = 'pending' AND w.due_at <= %(now)s
) d
WHERE e.state = 'enabled' AND (e.paused_until IS NULL OR e.paused_until <= %(now)s)
"""


def due(tx: Tx, now: datetime) -> tuple[int, float]:
    """How many deliveries could be sent now, and how many seconds the oldest of them has waited for it."""
    return tx.the(_DUE, {"now": now}, into=tuple[int, float])
