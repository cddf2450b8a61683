"""Deliveries: taken under a lease, settled by what came of them, listed with their attempts, dropped by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.courier.standard_webhooks import Answer, DeliveryState
from shared.db.columns import Columns
from shared.db.transaction import Tx

_TAKE: Final = """
WITH under_way AS (
    SELECT * FROM unnest(%(endpoints)s::uuid[], %(partners)s::integer[]) AS u (endpoint_id, partner_no)
), room AS (
    SELECT e.endpoint_id, e.partner_no, CASE WHEN e.failures > 0 THEN 1 ELSE %(of_one_endpoint)s END AS most,
           (SELECT count(*) FROM under_way u WHERE u.endpoint_id = e.endpoint_id) AS busy,
           (SELECT count(*) FROM under_way u WHERE u.partner_no = e.partner_no) AS partner_busy
    FROM webhook_endpoints e
    WHERE e.state = 'enabled' AND (e.paused_until IS NULL OR e.paused_until <= %(now)s)
      AND e.endpoint_id <> ALL (%(passed_over)s::uuid[])
), due AS MATERIALIZED (
    SELECT r.partner_no, r.partner_busy, d.delivery_id, d.due_at,
           r.busy + row_number() OVER (PARTITION BY r.endpoint_id ORDER BY d.due_at) AS place
    FROM room r CROSS JOIN LATERAL (
        SELECT w.delivery_id, w.due_at FROM webhook_deliveries w
        WHERE w.endpoint_id = r.endpoint_id AND w.state = 'pending' AND w.due_at <= %(now)s
        ORDER BY w.due_at LIMIT greatest(r.most - r.busy, 0) FOR UPDATE SKIP LOCKED
    ) d
), placed AS (
    SELECT delivery_id, due_at,
           partner_busy + row_number() OVER (PARTITION BY partner_no ORDER BY place, due_at) AS place FROM due
), taken AS (
    SELECT delivery_id FROM placed WHERE place <= %(of_one_partner)s ORDER BY place, due_at LIMIT %(slots)s
)
UPDATE webhook_deliveries w SET attempts = w.attempts + 1, tries = w.tries + 1, due_at = %(lease_until)s
FROM taken, webhook_endpoints e
WHERE w.delivery_id = taken.delivery_id AND e.endpoint_id = w.endpoint_id
RETURNING w.delivery_id, w.webhook_id, w.endpoint_id, w.body, w.attempts, w.tries, w.asked,
          e.url, e.partner_no, e.failures
"""


@dataclass(frozen=True, slots=True)
class Slots:
    """How many messages a process may have under way at once."""

    all: int
    of_one_partner: int
    of_one_endpoint: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this process, and for the time of the lease no other, sends now."""

    delivery_id: str
    webhook_id: str
    endpoint_id: str
    body: str
    attempts: int
    """Begun so far, this one included: its number."""
    tries: int
    """The same since the delivery was last asked for."""
    asked: int
    """How often that was."""
    url: str
    partner_no: int
    failures: int
    """Of the endpoint, in a row, before this attempt."""


def take(
    tx: Tx, slots: Slots, under_way: Sequence[Taken], passed_over: Sequence[str], *, lease: timedelta, now: datetime
) -> list[Taken]:
    """Deliveries that are due, for the slots that this process has left: partners in turn, and a partner's endpoints.

    Whoever has the least under way is next, and then who is due for longest. An endpoint that fails gets one at a time,
    and those that are passed over none.
    """
    values: dict[str, object] = {
        "endpoints": [each.endpoint_id for each in under_way],
        "partners": [each.partner_no for each in under_way],
        "slots": slots.all - len(under_way),
        "of_one_partner": slots.of_one_partner,
        "of_one_endpoint": slots.of_one_endpoint,
        "passed_over": list(passed_over),
        "lease_until": now + lease,
        "now": now,
    }
    return tx.all(_TAKE, values, into=Taken)


_SETTLE: Final = """
UPDATE webhook_deliveries SET state = %(state)s, due_at = coalesce(%(due_at)s, due_at), settled_at = %(settled_at)s
WHERE delivery_id = %(delivery_id)s AND attempts = %(attempts)s AND asked = %(asked)s AND state = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it is kept."""

    number: int
    began_at: datetime
    milliseconds: int
    status: int | None
    failure: str | None


def attempt_of(number: int, answer: Answer, began_at: datetime, seconds: float) -> Attempt:
    return Attempt(number, began_at, round(seconds * 1000), answer.status, answer.failure)


def settle(tx: Tx, taken: Taken, attempt: Attempt, *, next_due: datetime | None, now: datetime) -> None:
    """Keep what came of an attempt.

    A delivery that another process took meanwhile is left to that one, and one that was asked for again is sent again.
    """
    _keep(tx, taken.delivery_id, attempt)
    state: DeliveryState = "delivered" if attempt.failure is None else "failed" if next_due is None else "pending"
    values: dict[str, object] = {
        "delivery_id": taken.delivery_id,
        "attempts": taken.attempts,
        "asked": taken.asked,
        "state": state,
        "due_at": next_due,
        "settled_at": None if state == "pending" else now,
    }
    tx.execute(_SETTLE, values)


# The row is locked, so that it is there until the attempt is; none is written where it was dropped by age meanwhile.
_KEPT: Final = Columns(Attempt)
_ATTEMPT: Final = f"""
INSERT INTO webhook_attempts (delivery_id, {_KEPT.names})
SELECT delivery_id, {_KEPT.places} FROM webhook_deliveries WHERE delivery_id = %(delivery_id)s FOR KEY SHARE
ON CONFLICT DO NOTHING
"""


def _keep(tx: Tx, delivery_id: str, attempt: Attempt) -> None:
    tx.execute(_ATTEMPT, {**_KEPT.values(attempt), "delivery_id": delivery_id})


@dataclass(frozen=True, slots=True)
class Tried:
    """A message that was sent outside of the queue, once."""

    delivery_id: str
    webhook_id: str
    endpoint_id: str
    type: str
    body: str


_TRIED: Final = Columns(Tried)
_ADD_TRIED: Final = f"""
INSERT INTO webhook_deliveries ({_TRIED.names}, state, attempts, tries, due_at, created_at, settled_at)
VALUES ({_TRIED.places}, %(state)s, 1, 1, %(began_at)s, %(began_at)s, %(now)s)
"""


def add_tried(tx: Tx, tried: Tried, attempt: Attempt, *, now: datetime) -> None:
    """Put a message that was sent already into the log."""
    state: DeliveryState = "delivered" if attempt.failure is None else "failed"
    values = {**_TRIED.values(tried), "state": state, "began_at": attempt.began_at, "now": now}
    tx.execute(_ADD_TRIED, values)
    _keep(tx, tried.delivery_id, attempt)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery with its attempts, the latest last."""

    delivery_id: str
    webhook_id: str
    endpoint_id: str
    type: str
    state: DeliveryState
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    attempts: tuple[Attempt, ...]


_LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_DELIVERY: Final = Columns(
    Delivery,
    attempts="""(SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.number), '[]')
        FROM webhook_attempts a WHERE a.delivery_id = d.delivery_id)""",
)
_PAGE: Final = f"""
SELECT {_DELIVERY.of("d")} FROM webhook_deliveries d
WHERE d.endpoint_id = %(endpoint_id)s AND d.delivery_id < %(before)s
  AND (%(state)s::text IS NULL OR d.state = %(state)s)
ORDER BY d.delivery_id DESC LIMIT %(limit)s
"""
_ONE: Final = f"""
SELECT {_DELIVERY.of("d")} FROM webhook_deliveries d JOIN webhook_endpoints e USING (endpoint_id)
WHERE d.delivery_id = %s AND e.partner_no = %s AND e.state <> 'deleted'
"""


def page(tx: Tx, endpoint_id: str, *, state: DeliveryState | None, before: str | None, limit: int) -> list[Delivery]:
    """The endpoint's deliveries, the newest first."""
    values: dict[str, object] = {
        "endpoint_id": endpoint_id,
        "state": state,
        "before": before or _LAST,
        "limit": limit,
    }
    return tx.all(_PAGE, values, into=Delivery)


def delivery(tx: Tx, delivery_id: str, *, partner_no: int) -> Delivery | None:
    """This partner's delivery of that id."""
    return tx.one(_ONE, (delivery_id, partner_no), into=Delivery)


_AGAIN: Final = """
UPDATE webhook_deliveries SET state = 'pending', tries = 0, asked = asked + 1, due_at = %s, settled_at = NULL
WHERE delivery_id = %s
"""
_RESUME: Final = """
UPDATE webhook_deliveries SET tries = 0, asked = asked + 1, due_at = %s
WHERE endpoint_id = %s AND state = 'pending' AND tries > 0
"""


def ask_again(tx: Tx, delivery_id: str, now: datetime) -> None:
    """Have it sent once more, under its webhook-id, with all its tries, also where it is being sent right now."""
    tx.execute(_AGAIN, (now, delivery_id))


def resume(tx: Tx, endpoint_id: str, now: datetime) -> int:
    """Have what was tried before the endpoint was disabled sent anew; how many there are. The rest is due as it is."""
    return tx.execute(_RESUME, (now, endpoint_id))


_EMPTY: Final = """
DELETE FROM webhook_deliveries WHERE delivery_id IN (
    SELECT d.delivery_id FROM webhook_deliveries d JOIN webhook_endpoints e USING (endpoint_id)
    WHERE d.delivery_id < %(before_id)s AND (d.state <> 'pending' OR (e.state <> 'enabled' AND d.due_at <= %(now)s))
    ORDER BY d.delivery_id LIMIT %(bite)s FOR UPDATE OF d SKIP LOCKED)
"""


def drop_older(tx: Tx, before_id: str, *, bite: int, now: datetime) -> int:
    """Drop deliveries older than an id, and their attempts; how many went.

    One that an enabled endpoint is still to get is spared, and so is one that is being sent.
    """
    return tx.execute(_EMPTY, {"before_id": before_id, "bite": bite, "now": now})
