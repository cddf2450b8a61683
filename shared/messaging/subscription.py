"""What a service consumes: which topics, by what name, a function for each event type. Running it is consumer's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from shared.db.transaction import Tx
from shared.events.envelope import Envelope, Event

E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)

Handler: TypeAlias = Callable[[Tx, Envelope[Any]], None]
"""The effect of one event, in the transaction that also notes it in the inbox; called once per event and group.

It may be called again for an event whose transaction was rolled back, so it has no effect outside of ``tx``. Events of
one subject come in order as a rule, but a replay or a second partition may bring an older one late: keep the newest by
``INSERT ... ON CONFLICT (id) DO UPDATE SET ... WHERE excluded.version > kept.version``.
"""


@dataclass(frozen=True, slots=True)
class Together(Generic[E_contra]):
    """A handler that takes several events of its type in one call, where they came one after the other.

    ``effect`` gets them in their order, at least one. Where it fails on several, it is called again with each alone: a
    bad one among them is found so, and stops nobody but itself.
    """

    effect: Callable[[Tx, Sequence[Envelope[E_contra]]], None]

    def __call__(self, tx: Tx, envelope: Envelope[E_contra]) -> None:
        self.effect(tx, [envelope])


def on(struct: type[E], handler: Callable[[Tx, Envelope[E]], None]) -> dict[type[Event], Handler]:
    """A handler for one event type; ``|`` joins several. The type checker holds the two against each other."""
    return {struct: handler}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One consumer group of a service. Event types without a handler are passed over."""

    name: str
    topics: tuple[str, ...]
    handlers: Mapping[type[Event], Handler]
    """Made by ``on``: ``on(PolicyCanceled, _canceled) | on(PolicyEndorsed, _endorsed)``."""
    batch: int = 100
    """The most events in one transaction: more of them cost less each, and all are durable only at its end."""
    gather_seconds: float = 0.0
    """How long events may gather after a batch that was not full: where they come one after the other and nobody waits
    for one, a few transactions cost less than many. The first event after a silence is taken at once."""

    def group(self, service: str) -> str:
        """The Kafka consumer group, which is also the inbox's ``consumer``."""
        return f"{service}.{self.name}"

    def dead_letter_topics(self, service: str) -> tuple[str, ...]:
        """Where events go that this group cannot take, one for each topic."""
        return tuple(dead_letter_topic(topic, self.group(service)) for topic in self.topics)


def dead_letter_topic(topic: str, group: str) -> str:
    return f"{topic}.{group}.dlq"
