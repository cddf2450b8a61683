"""Messages as the rest of the messaging sees them: without the client library, and topics without their prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Partition(NamedTuple):
    """A partition of a topic, the topic without its prefix."""

    topic: str
    number: int


Headers: TypeAlias = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message read from a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent. Messages with one key keep their order."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Place:
    """Where an acknowledged message lies."""

    partition: int
    offset: int
