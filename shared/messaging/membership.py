"""Whether a consumer is in its group by the broker's word, and reads the topics that it began with; consumer asks it.

kafka-python 3.0.12 leaves a member outside for good where its reason to join again goes away while it joins (a topic
appears and is gone; a subscription is taken back): it keeps its partitions and reads them, sends no heartbeat, can
commit nothing, and turns on a core. And a topic that was deleted and made again is read from its end, without a word.
So the broker is asked: who is in the group, and under which id the topic goes now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from shared.db.pool import Database
from shared.messaging import partitions_read
from shared.messaging.brokers_word import FRESH_SECONDS, BrokersWord, Word
from shared.messaging.failures import PASSING
from shared.messaging.kafka_link import Consumer, Member
from shared.messaging.messages import Partition
from shared.messaging.partitions_read import NOTED_SECONDS
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.values.errors import FangzhaError

UNNAMED_SECONDS: Final = 30.0
"""A consumer that the broker has not named for this long is not ready: joining anew takes some seconds, and while a
group waits for a busy member (30 s at most) it names all."""


@dataclass(frozen=True)
class JoinAnew(FangzhaError):
    """A consumer has to join its group anew, {reason}."""

    reason: str


class Membership:
    """Of one runner of a group, over all the consumers that it makes one after the other."""

    def __init__(self, group: str, word: BrokersWord, database: Database) -> None:
        self._group = group
        self._word = word
        self._database = database
        self._named_at = monotonic()
        self._outside_since: float | None = None
        self._noted: tuple[str, Mapping[Partition, str]] = ("", {})
        self._note_due = 0.0
        self._log = get_logger().bind(group=group)

    def unready(self) -> str | None:
        """For the health check."""
        seconds = monotonic() - self._named_at
        if seconds < UNNAMED_SECONDS:
            return None
        return (
            f"for {seconds:.0f} seconds the broker has not named this process as a member of {self._group}; is Kafka "
            "up? It joins anew by itself, and where it does not, restart it"
        )

    def look(self, consumer: Consumer) -> Collection[Partition]:
        """Ask the broker and act on what it says; the partitions that begin anew, as their topics were made anew.

        Raises:
            KafkaFault: the broker gives no answer, or takes no commit.
            JoinAnew: the consumer is outside its group, and only a new one helps.
        """
        word, member = self._word.latest(), consumer.member()
        self._judge(word, member)
        if not member.joined:
            return ()
        read = {place: word.topic_ids[place.topic] for place in consumer.assignment() if place.topic in word.topic_ids}
        if (member.id, read) == self._noted and monotonic() < self._note_due:
            return ()
        try:
            return self._note(consumer, member, read)
        except PASSING as error:
            self._log.warning("partitions_read_not_noted", error=type(error).__name__)
            return ()

    def leave(self, member: Member) -> None:
        """Say that ``member`` reads no more. Where that fails, its word runs out by itself."""
        self._outside_since = None
        with suppress(*PASSING), self._database.transaction() as tx:
            partitions_read.leave(tx, self._group, member.id)

    def _judge(self, word: Word, member: Member) -> None:
        """Outside is who is not named, and who still joins where the group is done with that.

        Once is not enough: the answer may be some seconds older than what the consumer did since.
        """
        group = word.groups[self._group]
        if member.id in group.members and (member.joined or group.rebalancing):
            self._named_at, self._outside_since = word.said_at, None
            return
        self._outside_since = self._outside_since or word.said_at
        if word.said_at - self._outside_since > FRESH_SECONDS:
            self._outside_since = None
            raise JoinAnew("as the broker does not know it as a member")

    def _note(self, consumer: Consumer, member: Member, read: Mapping[Partition, str]) -> Collection[Partition]:
        with self._database.transaction() as tx:
            before = partitions_read.topic_ids(tx, self._group)
        anew = [place for place, topic_id in read.items() if before.get(place, topic_id) != topic_id]
        if anew:
            # Committed before the new id is kept: who is killed in between begins once more, and the inbox bears it.
            starts = consumer.starts(anew)
            for place, offset in starts.items():
                consumer.go_back(place, offset)
            consumer.commit(starts)
            self._log.warning("topic_made_anew", topics=sorted({place.topic for place in anew}), partitions=len(anew))
        with self._database.transaction() as tx:
            partitions_read.note(tx, self._group, member.id, read)
        self._noted, self._note_due = (member.id, read), monotonic() + NOTED_SECONDS
        return anew
