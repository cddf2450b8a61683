"""Checks on a running service that no event was lost: what was written is on its topic, what was read had its effect.

Each gives one sentence for each fault. They read whole topics; what Kafka has dropped by age they cannot judge. Running
them is entry's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

from shared.db.pool import Database
from shared.messaging import inbox, partitions_read
from shared.messaging.dead_letters import origin_of
from shared.messaging.failures import Poison
from shared.messaging.headers import event_type_of, is_event_id
from shared.messaging.kafka_link import Administrator, Consumer, Group, KafkaFault, Link
from shared.messaging.messages import Message, Partition
from shared.messaging.partitions_read import NOTED_SECONDS
from shared.messaging.subscription import Subscription, dead_letter_topic
from shared.process.clock import monotonic

_WAITING_SECONDS: Final = 60
"""An event in the outbox for longer is a fault; a shorter wait is the relay's ordinary work."""
_AT_ONCE: Final = 1000
_JOINING_SECONDS: Final = 10.0
"""What a consumer that has just noticed may need to join anew, beside the time in which it says again that it reads."""

_STUCK: Final = (
    "SELECT topic, count(*) FROM outbox WHERE written_at < clock_timestamp() - make_interval(secs => %s) GROUP BY topic"
)
_TOPICS: Final = "SELECT DISTINCT topic FROM outbox_sent ORDER BY topic"
_SENT: Final = (
    'SELECT partition, "offset", event_id FROM outbox_sent WHERE topic = %s AND partition = %s AND "offset" >= %s'
)


def unpublished(link: Link, database: Database) -> list[str]:
    """Events that this service wrote and that are not where its relay put them, or that wait too long."""
    with database.transaction() as tx:
        faults = [
            f"{count} events for {topic} have waited in the outbox for more than {_WAITING_SECONDS} seconds"
            for topic, count in tx.all(_STUCK, (_WAITING_SECONDS,))
        ]
        topics = tx.all(_TOPICS, into=str)
    with closing(Consumer(link, "verify", None)) as consumer:
        for topic in topics:
            faults += _missing_on(consumer, database, topic)
    return faults


def _missing_on(consumer: Consumer, database: Database, topic: str) -> Iterator[str]:
    partitions = consumer.partitions_of(topic)
    if not partitions:
        yield f"{topic} does not exist, and events were sent to it"
    for partition, (start, end) in consumer.bounds(partitions).items():
        with database.transaction() as tx:
            rows = tx.all(_SENT, (topic, partition.number, start))
        expected = {offset: event_id for _, offset, event_id in rows}
        for message in consumer.read({partition: end}, {partition: start}):
            if message.offset in expected and _event_id(message) == expected[message.offset]:
                del expected[message.offset]
        for offset, event_id in expected.items():
            yield f"event {event_id} is not on {topic}, partition {partition.number}, offset {offset}"


def without_effect(link: Link, database: Database, service: str, subscription: Subscription) -> list[str]:
    """Events that a subscription passed (its offsets say so) and that neither its inbox nor its dead letters hold."""
    group = subscription.group(service)
    faults: list[str] = []
    with closing(Consumer(link, "verify", group)) as member, closing(Consumer(link, "verify", None)) as reader:
        for topic in subscription.topics:
            partitions = member.partitions_of(topic)
            starts = {partition: bound[0] for partition, bound in reader.bounds(partitions).items()}
            ends = {partition: member.committed(partition) for partition in partitions}
            aside = {origin_of(letter) for letter in _whole(reader, dead_letter_topic(topic, group))}
            passed = (
                message
                for message in reader.read(ends, starts)
                if (topic, message.partition, message.offset) not in aside and _is_for(message, subscription)
            )
            faults += _not_held(database, group, passed)
    return faults


def read_outside(link: Link, database: Database, service: str, subscriptions: Sequence[Subscription]) -> list[str]:
    """Consumers that go on reading while the broker does not name them as members of their group.

    Who says that it reads may have been killed since: it is waited for until it says so again or is gone.
    """
    groups = [subscription.group(service) for subscription in subscriptions]
    with closing(Administrator(link, "verify")) as broker:
        first = _strangers(broker, database, groups)
        faults: dict[tuple[str, str], str] = {}
        deadline = monotonic() + NOTED_SECONDS + _JOINING_SECONDS
        while first.keys() - faults.keys() and monotonic() < deadline:
            time.sleep(1.0)
            now = _strangers(broker, database, groups)
            first = {key: reader for key, reader in first.items() if key in now}
            for key in [each for each in first if now[each].read_at > first[each].read_at]:
                group, member = key
                faults[key] = (
                    f"{group} reads {now[key].partitions} partitions as {member}, whom the broker does not know as its "
                    "member"
                )
    return list(faults.values())


def _strangers(
    broker: Administrator, database: Database, groups: Sequence[str]
) -> dict[tuple[str, str], partitions_read.Reader]:
    """Those that say that they read and are not named by the broker, by group and member."""
    with database.transaction() as tx:
        readers = {group: partitions_read.readers(tx, group) for group in groups}
    named = _named(broker, [group for group in groups if readers[group]])
    return {
        (group, reader.member): reader
        for group, found in readers.items()
        for reader in found
        if reader.member not in named[group].members
    }


def _named(broker: Administrator, groups: Sequence[str]) -> dict[str, Group]:
    """What the broker says of these groups; one that has just started needs some seconds until it can."""
    deadline = monotonic() + _JOINING_SECONDS
    while True:
        try:
            return broker.groups(groups)
        except KafkaFault:
            if monotonic() > deadline:
                raise
            time.sleep(1.0)


def _is_for(message: Message, subscription: Subscription) -> bool:
    try:
        return event_type_of(message) in subscription.handlers
    except Poison:
        return True  # Nobody could take it, so it belongs to the dead letters.


def _not_held(database: Database, group: str, messages: Iterator[Message]) -> Iterator[str]:
    while page := list(islice(messages, _AT_ONCE)):
        with database.transaction() as tx:
            held = inbox.held(tx, group, [event_id for event_id in map(_event_id, page) if is_event_id(event_id)])
        for message in page:
            if _event_id(message) not in held:
                place = f"{message.topic}, partition {message.partition}, offset {message.offset}"
                yield f"{group} has passed event {_event_id(message)} ({place}) without its effect"


def _whole(reader: Consumer, topic: str) -> Iterator[Message]:
    bounds = reader.bounds(reader.partitions_of(topic))
    starts: dict[Partition, int] = {partition: bound[0] for partition, bound in bounds.items()}
    return reader.read({partition: bound[1] for partition, bound in bounds.items()}, starts)


def _event_id(message: Message) -> str:
    return dict(message.headers).get("ce_id", b"").decode(errors="replace")
