"""Messages that a consumer group could not take: set aside with the reason, listed, shown and sent again.

Each group has a dead letter topic beside each topic. Sending again puts the message back on its own topic; the inboxes
of the groups that had taken it absorb it, and a letter that its group has taken since is no longer waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

from shared.db.pool import Database
from shared.messaging import inbox
from shared.messaging.headers import is_event_id
from shared.messaging.kafka_link import Consumer, KafkaFault, Link, Producer
from shared.messaging.messages import Headers, Message, Outgoing
from shared.messaging.subscription import dead_letter_topic
from shared.process import metrics
from shared.process.clock import wall_now
from shared.values.errors import FangzhaError

_MARK: Final = "dlq_"
"""What begins so among the headers is ours, and is taken off when the message is sent again."""


@dataclass(frozen=True)
class NotSetAside(FangzhaError):
    """Kafka did not acknowledge a dead letter of {topic}."""

    topic: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message set aside. ``taken`` says that the group has taken its event since."""

    topic: str
    group: str
    event_id: str
    event_type: str
    error_type: str
    error: str
    set_aside_at: str
    message: Message
    taken: bool


class DeadLetters:
    """Where a consumer puts what it cannot take."""

    def __init__(self, link: Link, group: str) -> None:
        self._group = group
        self._producer = Producer(link, f"{group}.dead-letters")

    def set_aside(self, message: Message, error: Exception) -> None:
        """Durable when this returns.

        Raises:
            KafkaFault, NotSetAside: the broker is away; try again later, and do not pass over the message meanwhile.
        """
        headers = (*message.headers, *_reason(message, self._group, error))
        topic = dead_letter_topic(message.topic, self._group)
        if self._producer.send([Outgoing(topic, message.key, message.value, headers)]) == [None]:
            raise NotSetAside(topic)
        metrics.DEAD_LETTERS.labels(self._group, message.topic).inc()

    def close(self) -> None:
        self._producer.close()


def _reason(message: Message, group: str, error: Exception) -> Headers:
    facts = {
        "error_type": type(error).__name__,
        "error": str(error),
        "group": group,
        "topic": message.topic,
        "partition": str(message.partition),
        "offset": str(message.offset),
        "at": wall_now().isoformat(),
    }
    return tuple((_MARK + name, value.encode()) for name, value in facts.items())


def letters(link: Link, database: Database, group: str, topics: Sequence[str]) -> list[DeadLetter]:
    """All dead letters of a group that Kafka still holds, oldest first within a topic."""
    found = [
        _letter(message, group) for topic in topics for message in _messages(link, dead_letter_topic(topic, group))
    ]
    known = [letter.event_id for letter in found if is_event_id(letter.event_id)]
    with database.transaction() as tx:
        taken = inbox.held(tx, group, known)
    return [replace(letter, taken=letter.event_id in taken) for letter in found]


def replay(link: Link, found: Sequence[DeadLetter]) -> int:
    """Send letters that are still waiting again, each event once; how many.

    Raises:
        KafkaFault: some were not acknowledged; run it again.
    """
    waiting = {(letter.topic, letter.event_id or id(letter)): letter for letter in found if not letter.taken}
    outgoing = [_again(letter) for letter in waiting.values()]
    if not outgoing:
        return 0
    with closing(Producer(link, "dead-letters.replay")) as producer:
        places = producer.send(outgoing)
    lost = places.count(None)
    if lost:
        raise KafkaFault(f"{lost} of {len(outgoing)} messages were not acknowledged; run it again")
    return len(outgoing)


def _again(letter: DeadLetter) -> Outgoing:
    headers = tuple(header for header in letter.message.headers if not header[0].startswith(_MARK))
    return Outgoing(letter.topic, letter.message.key, letter.message.value, headers)


def _messages(link: Link, topic: str) -> Iterator[Message]:
    with closing(Consumer(link, "dead-letters.list", None)) as consumer:
        partitions = consumer.partitions_of(topic)
        bounds = consumer.bounds(partitions)
        starts, ends = ({place: bound[side] for place, bound in bounds.items()} for side in (0, 1))
        yield from consumer.read(ends, starts)


def _letter(message: Message, group: str) -> DeadLetter:
    headers = {name: value.decode(errors="replace") for name, value in message.headers}
    return DeadLetter(
        topic=headers.get("dlq_topic", ""),
        group=group,
        event_id=headers.get("ce_id", ""),
        event_type=headers.get("ce_type", ""),
        error_type=headers.get("dlq_error_type", ""),
        error=headers.get("dlq_error", ""),
        set_aside_at=headers.get("dlq_at", ""),
        message=message,
        taken=False,
    )


def origin_of(letter: Message) -> tuple[str, int, int]:
    """Topic, partition and offset that a message of a dead letter topic lay at."""
    headers = dict(letter.headers)
    topic, partition, offset = (headers.get(_MARK + name, b"").decode() for name in ("topic", "partition", "offset"))
    return topic, int(partition or -1), int(offset or -1)
