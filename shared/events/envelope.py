"""What every event has beside its data: CloudEvents 1.0 attributes. The Kafka header mapping is messaging's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Generic, TypeAlias, TypeVar

import msgspec

from shared.values.ids import EventId

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time with its zone; one without is refused where the event is read."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event; ``TYPE`` is its CloudEvents type, ``TOPIC`` the topic that carries it."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E_co]):
    """One event as a consumer gets it; ``data`` is already decoded and checked, and of the type that was asked for.

    ``subject`` is what the event is about (a claim's id, a chunk's id) and the key that orders it on its topic.
    """

    id: EventId
    type: str
    source: str
    time: datetime
    subject: str
    data: E_co
    trace: dict[str, str] = field(default_factory=dict)
