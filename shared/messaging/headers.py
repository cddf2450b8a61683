"""CloudEvents 1.0 in Kafka's binary mode: an event's attributes as headers, its data as the JSON body, and back."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Final, TypeVar

import msgspec

from shared.events.catalog import BY_TYPE
from shared.events.envelope import Envelope, Event
from shared.messaging.failures import Poison
from shared.messaging.messages import Headers, Message
from shared.values.ids import EventId

E = TypeVar("E", bound=Event)

SPEC_VERSION: Final = b"1.0"
_TRACE_HEADERS: Final[tuple[str, ...]] = ("traceparent", "tracestate")
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""In JSON. A backslash before it may itself be a character, and the digits then stand for themselves."""
_FIXED: Final[Headers] = (("ce_specversion", SPEC_VERSION), ("content-type", b"application/json"))


def source_of(service: str) -> str:
    """The ``source`` attribute of a service's events."""
    return f"urn:fangzha:{service}"


def headers_of(
    *, event_id: str, event_type: str, source: str, time: datetime, subject: str, trace: dict[str, str]
) -> Headers:
    """The headers of one event."""
    return (
        *_FIXED,
        ("ce_id", event_id.encode()),
        ("ce_type", event_type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", subject.encode()),
        *((name, trace[name].encode()) for name in _TRACE_HEADERS if name in trace),
    )


def event_type_of(message: Message) -> type[Event] | None:
    """The struct of a message's type; None if this release knows no such type.

    Raises:
        Poison: the message names no type.
    """
    return BY_TYPE.get(_text(dict(message.headers), "ce_type"))


def read(message: Message, struct: type[E]) -> Envelope[E]:
    """The event that a message carries.

    Raises:
        Poison: it is no CloudEvent of ours, or its data does not fit its type.
    """
    headers = dict(message.headers)
    event_id = _text(headers, "ce_id")
    time = _text(headers, "ce_time")
    try:
        moment = datetime.fromisoformat(time)
        normal_id = str(uuid.UUID(event_id))
        data = _decoder(struct).decode(message.value)
    except (ValueError, msgspec.DecodeError) as error:
        # msgspec names the field and the types, never the value.
        reason = str(error) if isinstance(error, msgspec.DecodeError) else "its id is no UUID or its time no RFC 3339"
        raise Poison(reason) from error
    if moment.tzinfo is None:
        raise Poison("its time has no zone")
    if b"\\u0000" in message.value and _NUL.search(message.value):
        raise Poison("a text of it holds the character NUL, which PostgreSQL keeps in none")
    trace = {name: headers[name].decode(errors="replace") for name in _TRACE_HEADERS if name in headers}
    return Envelope(
        id=EventId(normal_id),
        type=struct.TYPE,
        source=_text(headers, "ce_source"),
        time=moment,
        subject=_text(headers, "ce_subject"),
        data=data,
        trace=trace,
    )


def is_event_id(text: str) -> bool:
    """Whether the inbox could hold it."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@cache
def _decoder(struct: type[E]) -> msgspec.json.Decoder[E]:
    return msgspec.json.Decoder(struct)


def _text(headers: dict[str, bytes], name: str) -> str:
    try:
        text = headers[name].decode()
    except KeyError:
        raise Poison(f"the header {name} is missing") from None
    except UnicodeDecodeError:
        raise Poison(f"the header {name} is not UTF-8") from None
    if "\0" in text:
        raise Poison(f"the header {name} holds the character NUL")
    return text
