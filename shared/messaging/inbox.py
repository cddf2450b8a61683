"""Remembers which events had their effect in a consumer group, in the transaction of that effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import EventId

# Sorted, so that two workers that hold the same events never wait for each other crosswise.
_RECEIVE: Final = (
    "INSERT INTO inbox (event_id, consumer) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING RETURNING event_id"
)
_HOLDS: Final = "SELECT event_id FROM inbox WHERE consumer = %s AND event_id = ANY(%s::uuid[])"


def receive(tx: Tx, consumer: str, events: Sequence[EventId]) -> set[EventId]:
    """Note these events; those that are new to ``consumer``. The others had their effect before."""
    if not events:
        return set()
    return set(tx.all(_RECEIVE, (sorted(set(events)), consumer), into=EventId))


def held(tx: Tx, consumer: str, events: Sequence[str]) -> set[str]:
    """Which of these events had their effect."""
    return set(tx.all(_HOLDS, (consumer, list(events)), into=str)) if events else set()
