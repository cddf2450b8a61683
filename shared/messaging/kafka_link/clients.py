"""A producer and a consumer in our own types. What is sent and what failures mean is the callers'."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import MemberState, OffsetAndMetadata

from shared.messaging.kafka_link.link import REQUEST_TIMEOUT_MS, KafkaFault, Link, opened
from shared.messaging.messages import Message, Outgoing, Partition, Place
from shared.process.clock import monotonic

# Where the numbers come from:
_SESSION_TIMEOUT_MS: Final = 10_000
"""A worker killed by SIGKILL is noticed after this long (2.9 s measured from then to its partitions' next owner).
The default of 45 s would keep claims waiting that long; below 6 s is under most brokers' minimum."""
_HEARTBEAT_INTERVAL_MS: Final = 3_000
"""A third of the session, as Kafka advises: two may be lost."""
_MAX_POLL_INTERVAL_MS: Final = 30_000
"""A rebalance waits for a member that is busy at most this long. A batch takes some seconds at worst."""
_DELIVERY_TIMEOUT_MS: Final = 20_000
"""At least two requests' worth. Then the relay makes a new producer and tries again, for ever."""
_FLUSH_SECONDS: Final = _DELIVERY_TIMEOUT_MS / 1000 + 5
"""By then each message is acknowledged or given up, so a producer that is closed leaves no thread behind."""
_MAX_BLOCK_MS: Final = 5_000
"""Waiting for the metadata of a topic that is not there yet. The relay's back-off does the rest."""
_PRODUCER_BATCH_BYTES: Final = 262_144
"""What goes into one compressed batch of a partition; a quarter of the 1 MiB that a broker takes by default."""
_PRODUCER_LINGER_MS: Final = 50
"""We flush after the last message of a batch, which ends any lingering. Without it the first messages leave alone, in
requests of their own (734 wake-ups of the sender for 10,000 messages)."""
_CLOSE_TIMEOUT_MS: Final = 5_000
_LOOK_TIMEOUT_MS: Final = 2_000
_READ_PATIENCE_SECONDS: Final = 30.0


class Producer:
    """Sends messages and waits until all replicas in sync have them. Makes its connection at the first use, and anew
    after a failure. Not to be used by two threads at once.
    """

    def __init__(self, link: Link, client_id: str) -> None:
        self._link = link
        self._client_id = client_id
        self._producer: Any = None
        self._unended: list[Any] = []
        """Those that could not be closed yet. kafka-python 3.0.12 closes none that has messages under way when its
        patience ends, and leaves a thread and its connections behind for each."""

    def send(self, messages: Sequence[Outgoing]) -> list[Place | None]:
        """Each message's place, or None for one that was not acknowledged: it may or may not be on its topic.

        Raises:
            KafkaFault: nothing could be sent.
        """
        self._end()
        if self._producer is None:
            self._producer = self._connect()
        prefix = self._link.topic_prefix
        futures: list[Any] = []
        try:
            for message in messages:
                topic, headers = prefix + message.topic, list(message.headers)
                futures.append(self._producer.send(topic, message.value, message.key, headers))
            self._producer.flush(timeout=_FLUSH_SECONDS)
        except KafkaError:
            self.close()
            if not any(_acknowledged(future) for future in futures):
                raise
        places = [_place(future) for future in futures]
        if None in places:
            self.close()
        return places + [None] * (len(messages) - len(places))

    def close(self) -> None:
        """Forget the connection, once what is under way is acknowledged or given up."""
        producer, self._producer = self._producer, None
        if producer is not None and not _ended(producer, _FLUSH_SECONDS):
            self._unended.append(producer)

    def _end(self) -> None:
        """Close those that have no messages under way any more."""
        self._unended = [each for each in self._unended if not _ended(each, 0)]

    def _connect(self) -> Any:
        own = {
            "acks": "all",
            "enable_idempotence": True,
            "allow_auto_create_topics": False,
            "compression_type": "lz4",
            "batch_size": _PRODUCER_BATCH_BYTES,
            "linger_ms": _PRODUCER_LINGER_MS,
            "delivery_timeout_ms": _DELIVERY_TIMEOUT_MS,
            "max_block_ms": _MAX_BLOCK_MS,
        }
        return opened(KafkaProducer, self._link.common(self._client_id) | own)


def _ended(producer: Any, patience_seconds: float) -> bool:
    try:
        producer.close(timeout=patience_seconds)
    except KafkaError:
        return False
    return True


def _acknowledged(future: Any) -> bool:
    return bool(future.is_done and future.succeeded())


def _place(future: Any) -> Place | None:
    return Place(future.value.partition, future.value.offset) if _acknowledged(future) else None


@dataclass(frozen=True, slots=True)
class Member:
    """What a consumer takes itself for. The broker may know better: see Administrator.groups."""

    id: str
    joined: bool


class Consumer:
    """A member of a consumer group, or with ``group=None`` a reader of partitions that it assigns itself."""

    def __init__(self, link: Link, client_id: str, group: str | None, *, batch: int = 500) -> None:
        self._prefix = link.topic_prefix
        own = {
            "group_id": None if group is None else self._prefix + group,
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            "allow_auto_create_topics": False,
            "session_timeout_ms": _SESSION_TIMEOUT_MS,
            "heartbeat_interval_ms": _HEARTBEAT_INTERVAL_MS,
            "max_poll_interval_ms": _MAX_POLL_INTERVAL_MS,
            "max_poll_records": batch,
        }
        self._consumer = opened(KafkaConsumer, link.common(client_id) | own)

    def subscribe(self, topics: Sequence[str]) -> None:
        theirs = [self._prefix + topic for topic in topics]
        for topic in theirs:
            # Learn of its partitions first. A group's leader that does not know them hands out none, and the group
            # goes through a second rebalance once it does.
            self._consumer.partitions_for_topic(topic)
        self._consumer.subscribe(theirs)

    def poll(self, seconds: float) -> dict[Partition, list[Message]]:
        """What came, by partition and in order; empty after ``seconds``. Rebalances happen in here and nowhere else."""
        polled = self._consumer.poll(timeout_ms=int(seconds * 1000))
        return {self._ours(place): [self._message(record) for record in records] for place, records in polled.items()}

    def assignment(self) -> set[Partition]:
        return {self._ours(place) for place in self._consumer.assignment()}

    def member(self) -> Member:
        """Whom it takes itself for; ``joined`` is false from where it begins to join until it knows its partitions."""
        metadata = self._consumer.group_metadata()
        return Member(metadata.member_id, metadata.state == MemberState.STABLE)

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Say that everything before these offsets is done."""
        theirs = {self._theirs(place): OffsetAndMetadata(offset) for place, offset in offsets.items()}
        self._consumer.commit(theirs, timeout_ms=REQUEST_TIMEOUT_MS)

    def go_back(self, partition: Partition, offset: int) -> None:
        """Read from ``offset`` again; no effect if the partition was taken from us."""
        theirs = self._theirs(partition)
        if theirs in self._consumer.assignment():
            self._consumer.seek(theirs, offset)

    def behind(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """How many messages lie between what was polled and the end, by a question to the broker."""
        theirs = [self._theirs(partition) for partition in partitions]
        if not theirs:
            return {}
        ends = self._consumer.end_offsets(theirs, timeout_ms=_LOOK_TIMEOUT_MS)
        read = {place: self._consumer.position(place, timeout_ms=_LOOK_TIMEOUT_MS) for place in theirs}
        return {self._ours(place): max(0, ends[place] - (read[place] or 0)) for place in theirs}

    def starts(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The first offset that is still there, of each partition, by a question to the broker."""
        theirs = [self._theirs(partition) for partition in partitions]
        first = self._consumer.beginning_offsets(theirs, timeout_ms=_LOOK_TIMEOUT_MS)
        return {self._ours(place): offset for place, offset in first.items()}

    def partitions_of(self, topic: str) -> list[Partition]:
        """All partitions of a topic; none if it does not exist."""
        numbers = self._consumer.partitions_for_topic(self._prefix + topic) or ()
        return [Partition(topic, number) for number in sorted(numbers)]

    def committed(self, partition: Partition) -> int:
        """The group's committed offset; 0 if it has none."""
        return int(self._consumer.committed(self._theirs(partition), timeout_ms=REQUEST_TIMEOUT_MS) or 0)

    def bounds(self, partitions: Sequence[Partition]) -> dict[Partition, tuple[int, int]]:
        """The first offset that is still there and the one after the last, of each partition."""
        theirs = [self._theirs(partition) for partition in partitions]
        first, after = self._consumer.beginning_offsets(theirs), self._consumer.end_offsets(theirs)
        return {self._ours(place): (first[place], after[place]) for place in theirs}

    def read(self, ends: Mapping[Partition, int], starts: Mapping[Partition, int]) -> Iterator[Message]:
        """Every message of these partitions from its start up to, not including, its end.

        Raises:
            KafkaFault: the broker gives no more of them.
        """
        left = {partition: end for partition, end in ends.items() if starts[partition] < end}
        self._consumer.assign([self._theirs(partition) for partition in left])
        for partition in left:
            self._consumer.seek(self._theirs(partition), starts[partition])
        heard_at = monotonic()
        while left:
            polled = self.poll(1.0)
            heard_at = monotonic() if polled else heard_at
            if monotonic() - heard_at > _READ_PATIENCE_SECONDS:
                raise KafkaFault(f"nothing came for {_READ_PATIENCE_SECONDS:.0f} seconds, and there is more to read")
            for partition, messages in polled.items():
                yield from (message for message in messages if message.offset < ends[partition])
            left = {each: end for each, end in left.items() if self._consumer.position(self._theirs(each)) < end}

    def close(self) -> None:
        """Leave the group, so that its other members need not wait for our session to end."""
        self._consumer.close(autocommit=False, timeout_ms=_CLOSE_TIMEOUT_MS)

    def _theirs(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._prefix + partition.topic, partition.number)

    def _ours(self, place: TopicPartition) -> Partition:
        return Partition(place.topic.removeprefix(self._prefix), place.partition)

    def _message(self, record: Any) -> Message:
        topic = record.topic.removeprefix(self._prefix)
        value, headers = record.value or b"", tuple((name, value or b"") for name, value in record.headers)
        return Message(topic, record.partition, record.offset, record.key, value, headers)
