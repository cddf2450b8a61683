"""Facts that wait to be told to partners' servers, as written with the fact. Taking and sending them is deliveries'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import PolicyId

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


@dataclass(frozen=True, slots=True)
class ToldPolicy:
    """What a message says of a policy, and whose it is."""

    partner_no: int
    policy_id: PolicyId
    partner_reference: str
    product_code: str
    product_version: int
    state: str
    version: int
    premium_fen: int
    currency: str
    effective_from: datetime
    effective_to: datetime


# Locked against an erasure: either it finds the message that is written next, or that has no reference any more. In a
# statement of its own: where it waits for the policies to move, a join would pair them with the partner of before.
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR KEY SHARE"
_WANTED: Final = """
SELECT p.partner_no, p.policy_id, p.partner_reference, d.product_code, p.product_version, p.state, p.version,
       p.premium_fen, v.terms ->> 'currency' AS currency, p.effective_from, p.effective_to
FROM policies p JOIN partners r USING (partner_no) JOIN products d USING (product_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE p.policy_id = ANY(%s::uuid[]) AND %s = ANY(r.webhook_types)
"""


def wanted(tx: Tx, policy_ids: Sequence[PolicyId], type_: str) -> dict[PolicyId, ToldPolicy]:
    """Of these policies those whose partner asks for messages of the type; the partner is the one that has it now."""
    tx.execute(_LOCK, (list(policy_ids),))
    found = tx.all(_WANTED, (list(policy_ids), type_), into=ToldPolicy)
    return {each.policy_id: each for each in found}


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
