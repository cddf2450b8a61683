"""Jobs that empty the platform's tables by age, so that none grows for ever. Every worker runs them.

Rows go in small bites by the primary key: event ids are UUIDv7, so the oldest stand together at the key's beginning and
no other index is needed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.process.clock import wall_now

KEPT_DAYS: Final = 30
"""Of outbox_sent and inbox. Longer than any topic keeps an event (see topics)."""
REPLIES_KEPT_DAYS: Final = 7
"""Of idempotency_keys: a client that tries again after a week makes a new request."""
_BITE: Final = 5_000
"""Some tens of milliseconds of deleting; other transactions hardly notice."""
_EVERY_SECONDS: Final = 600.0

_EMPTY_OUTBOX_SENT: Final = """
DELETE FROM outbox_sent WHERE event_id IN (
    SELECT event_id FROM outbox_sent WHERE event_id < %(before_id)s AND sent_at < %(before)s
    ORDER BY event_id LIMIT %(bite)s FOR UPDATE SKIP LOCKED)"""
_EMPTY_INBOX: Final = """
DELETE FROM inbox WHERE (event_id, consumer) IN (
    SELECT event_id, consumer FROM inbox WHERE event_id < %(before_id)s AND received_at < %(before)s
    ORDER BY event_id, consumer LIMIT %(bite)s FOR UPDATE SKIP LOCKED)"""
_EMPTY_IDEMPOTENCY_KEYS: Final = """
DELETE FROM idempotency_keys WHERE ctid IN (
    SELECT ctid FROM idempotency_keys WHERE created_at < %(before)s
    ORDER BY created_at LIMIT %(bite)s FOR UPDATE SKIP LOCKED)"""


def jobs(database: Database) -> tuple[Job, ...]:
    """One job for each table."""

    def emptying(table: str, sql: str, days: int) -> Job:
        return Job(f"empty_{table}", _EVERY_SECONDS, lambda: _bite(database, sql, days))

    return (
        emptying("outbox_sent", _EMPTY_OUTBOX_SENT, KEPT_DAYS),
        emptying("inbox", _EMPTY_INBOX, KEPT_DAYS),
        emptying("idempotency_keys", _EMPTY_IDEMPOTENCY_KEYS, REPLIES_KEPT_DAYS),
    )


def _bite(database: Database, sql: str, days: int) -> bool:
    before = wall_now() - timedelta(days=days)
    first_of_later = UUID(int=int(before.timestamp() * 1000) << 80)  # UUIDv7: 48 bits of milliseconds come first
    parameters = {"before_id": str(first_of_later), "before": before, "bite": _BITE}
    with database.transaction() as tx:
        return tx.execute(sql, parameters) == _BITE
