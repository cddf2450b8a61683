"""Writes events into the outbox, in the transaction of the change that causes them. Sending them is the relay's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from shared.db.copy_format import copy_rows, timestamptz, uuid
from shared.db.transaction import Tx
from shared.events.envelope import Event
from shared.process import traces
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError
from shared.values.ids import EventId

CHANNEL: Final = "outbox"
"""Where the relay LISTENs."""

LARGEST_BODY: Final = 900_000
"""Bytes. A broker takes batches of 1 MiB unless told otherwise (``message.max.bytes``), headers included."""

_COLUMNS: Final = "event_id, type, topic, subject, occurred_at, trace, body"
_INSERT: Final = f"INSERT INTO outbox ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_COPY: Final = f"COPY outbox ({_COLUMNS}) FROM STDIN (FORMAT binary)"


@dataclass(frozen=True)
class EventTooLarge(FangzhaError):
    """An event of type {type} has {size} bytes and Kafka would not take it: split it into smaller chunks."""

    type: str
    size: int


def add(tx: Tx, event: Event, *, subject: str, now: datetime) -> EventId:
    """Publish ``event`` if and when this transaction commits.

    ``subject`` is what it is about (a claim's id): events of one subject keep their order on their topic.
    """
    return add_many(tx, [(event, subject)], now=now)[0]


def add_many(
    tx: Tx, events: Sequence[tuple[Event, str]], *, now: datetime, carriers: Sequence[Mapping[str, str]] | None = None
) -> list[EventId]:
    """Publish pairs of event and subject, in this order, if and when this transaction commits; their ids.

    ``carriers`` has of each event the trace that it belongs to, where that is not the current one of all.
    """
    of_each = carriers if carriers is not None else [traces.carrier()] * len(events)
    named = [
        (EventId(new_id()), event, subject, json.dumps(dict(carrier)) if carrier else "")
        for (event, subject), carrier in zip(events, of_each, strict=True)
    ]
    if len(named) == 1:
        ((event_id, event, subject, trace),) = named
        tx.later(_INSERT, (event_id, event.TYPE, event.TOPIC, subject, now, trace, _body(event).decode()))
    else:
        copy_rows(tx, _COPY, [_fields(*each, now) for each in named])
    tx.notify(CHANNEL)
    return [event_id for event_id, _event, _subject, _trace in named]


def _fields(event_id: EventId, event: Event, subject: str, trace: str, now: datetime) -> tuple[bytes, ...]:
    texts = (event.TYPE, event.TOPIC, subject)
    return uuid(event_id), *(text.encode() for text in texts), timestamptz(now), trace.encode(), _body(event)


def _body(event: Event) -> bytes:
    body = msgspec.json.encode(event)
    if len(body) > LARGEST_BODY:
        raise EventTooLarge(type=event.TYPE, size=len(body))
    return body
