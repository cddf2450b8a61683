"""What every event has beside its data: CloudEvents 1.0 attributes. The Kafka header mapping is messaging's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

import msgspec

from shared.values.ids import EventId

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time with its zone; one without is refused where the event is read."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event; ``TYPE`` is its CloudEvents type, ``TOPIC`` the topic that carries it."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as a consumer gets it; ``data`` is already decoded and checked.

    ``subject`` is what the event is about (a claim's id, a chunk's id) and the key that orders it on its topic.
    """

    id: EventId
    type: str
    source: str
    time: datetime
    subject: str
    data: Event
    trace: dict[str, str] = field(default_factory=dict)
