"""The table of what each consumer group reads: which making of a topic, by which member. Deciding by it is others'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.messaging.messages import Partition

NOTED_SECONDS: Final = 30.0
"""How often a consumer says that it reads: rarely enough to cost nothing, soon enough for a check to wait for it."""

_TOPIC_IDS: Final = "SELECT topic, partition, topic_id FROM partitions_read WHERE consumer = %s"
_NOTE: Final = """
INSERT INTO partitions_read (consumer, topic, partition, topic_id, member)
SELECT %s, topic, partition, topic_id, %s
FROM unnest(%s::text[], %s::integer[], %s::uuid[]) AS read (topic, partition, topic_id)
ORDER BY topic, partition
ON CONFLICT (consumer, topic, partition)
DO UPDATE SET topic_id = excluded.topic_id, member = excluded.member, read_at = clock_timestamp()"""
_LEAVE: Final = "UPDATE partitions_read SET member = '' WHERE consumer = %s AND member = %s"
_READERS: Final = """
SELECT member, count(*), max(read_at) FROM partitions_read
WHERE consumer = %s AND member <> '' AND read_at > clock_timestamp() - make_interval(secs => %s)
GROUP BY member ORDER BY member"""


@dataclass(frozen=True, slots=True)
class Reader:
    """A member that says that it reads some partitions, and when it last said so."""

    member: str
    partitions: int
    read_at: datetime


def topic_ids(tx: Tx, consumer: str) -> dict[Partition, str]:
    """Which making of its topic each partition was last read of."""
    return {Partition(topic, number): str(topic_id) for topic, number, topic_id in tx.all(_TOPIC_IDS, (consumer,))}


def note(tx: Tx, consumer: str, member: str, read: Mapping[Partition, str]) -> None:
    """That ``member`` reads these partitions, each of this making of its topic."""
    topics, numbers = [place.topic for place in read], [place.number for place in read]
    tx.execute(_NOTE, (consumer, member, topics, numbers, list(read.values())))


def leave(tx: Tx, consumer: str, member: str) -> None:
    """That it reads no more."""
    tx.execute(_LEAVE, (consumer, member))


def readers(tx: Tx, consumer: str) -> list[Reader]:
    """Who says that it reads now: within twice the time in which it says so again."""
    return [Reader(*row) for row in tx.all(_READERS, (consumer, 2 * NOTED_SECONDS))]
