"""A consumer that is no member of its group reads for nobody: it notices, joins anew, and says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.messaging import consumer as consumer_module
from shared.messaging import membership, partitions_read, verify
from shared.messaging.brokers_word import BrokersWord
from shared.messaging.kafka_link import Administrator, Consumer, Group, KafkaFault, create_topics
from shared.messaging.membership import Membership
from shared.messaging.messages import Message, Partition
from shared.process.new_ids import new_id
from tests.shared.messaging.builders import SERVICE, TOPIC, Desk, a_change, delete_topic, until

LATE = "made.late.v1"
"""A topic that is subscribed to before there is one."""

HEARD_SECONDS = 11.0
"""A client asks for metadata every ten seconds; below the 30 that a group waits for a member who is busy."""


class Lobby:
    """The group of a desk's consumers, as the broker sees it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._broker = Administrator(desk.link, "test")

    def group(self) -> Group:
        try:
            return self._broker.groups([self._desk.group])[self._desk.group]
        except KafkaFault:  # a broker that has just started has nobody for groups yet
            return Group(rebalancing=True, members={})

    def until_joined(self, count: int) -> set[str]:
        """That many members, all with their partitions; their ids."""
        until(lambda: not (seen := self.group()).rebalancing and len(seen.members) == count)
        return set(self.group().members)

    def left(self) -> dict[int, int]:
        """How many messages of each partition the group has not committed, by its number."""
        reader, member = Consumer(self._desk.link, "test", None), Consumer(self._desk.link, "test", self._desk.group)
        ends = reader.bounds(reader.partitions_of(TOPIC))
        behind = {place.number: end - member.committed(place) for place, (_start, end) in ends.items()}
        reader.close()
        member.close()
        return behind

    def close(self) -> None:
        self._broker.close()


@contextmanager
def a_lobby(desk: Desk) -> Iterator[Lobby]:
    lobby = Lobby(desk)
    yield lobby
    lobby.close()


def bring_outside(desk: Desk, lobby: Lobby) -> str:
    """Start a consumer and lead it out of its group by what happens around it; the id that the broker knew it by.

    A topic appears, so it begins to join again; the group waits for its other member, who is busy; meanwhile the topic
    is gone, and kafka-python 3.0.12 forgets that it is joining.
    """
    subscription = desk.subscription(topics=(TOPIC, LATE))
    desk.consumer(subscription)
    (ours,) = lobby.until_joined(1)
    busy = Consumer(desk.link, "busy", desk.group)
    busy.subscribe(subscription.topics)
    until(lambda: not busy.poll(0.1) and bool(busy.assignment()))
    lobby.until_joined(2)

    create_topics(desk.link, {LATE: {}}, partitions=1, replication=1)
    until(lambda: lobby.group().rebalancing)
    delete_topic(desk.link, LATE)
    time.sleep(HEARD_SECONDS)

    joining = threading.Thread(target=lambda: until(lambda: not busy.poll(0.1) and not lobby.group().rebalancing))
    joining.start()
    joining.join()
    busy.close()
    return ours


def test_a_consumer_that_fell_out_of_its_group_joins_anew_and_takes_what_came_meanwhile(desk: Desk) -> None:
    desk.relay()
    with a_lobby(desk) as lobby:
        outside = bring_outside(desk, lobby)
        claims = [f"claim-{number}" for number in range(20)]
        desk.publish(*[a_change(claim) for claim in claims])

        until(lambda: outside not in lobby.group().members, 20.0)  # so it was outside, or the broker would name it
        lobby.until_joined(1)

        until(lambda: sorted(desk.effects()) == sorted(claims))
        until(lambda: not any(lobby.left().values()))


def says_that_it_reads(desk: Desk, member: str) -> None:
    read = {Partition(TOPIC, number): new_id() for number in range(2)}
    with desk.database.transaction() as tx:
        partitions_read.note(tx, desk.group, member, read)


def outside(desk: Desk) -> list[str]:
    return verify.read_outside(desk.link, desk.database, SERVICE, [desk.subscription()])


def test_a_consumer_in_its_group_is_nothing_to_tell(desk: Desk) -> None:
    desk.consumer()

    def noted() -> bool:
        with desk.database.transaction() as tx:
            return [reader.partitions for reader in partitions_read.readers(tx, desk.group)] == [4]

    until(noted)
    assert outside(desk) == []


def test_a_consumer_that_goes_on_reading_outside_its_group_is_named(desk: Desk) -> None:
    says_that_it_reads(desk, "stranger")
    later = threading.Timer(2.0, says_that_it_reads, [desk, "stranger"])
    later.start()

    told = outside(desk)

    later.join()
    assert told == ["tester.reader reads 2 partitions as stranger, whom the broker does not know as its member"]


def test_who_was_killed_and_says_nothing_more_is_not_held_for_a_reader(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "NOTED_SECONDS", 0.0)
    monkeypatch.setattr(verify, "_JOINING_SECONDS", 1.5)
    says_that_it_reads(desk, "killed")

    assert outside(desk) == []


def test_a_process_that_the_broker_does_not_name_is_not_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(membership, "monotonic", lambda: now[0])
    ours = Membership("payout.premium", BrokersWord(SERVICE, [], desk.link), desk.database)
    assert ours.unready() is None

    now[0] += membership.UNNAMED_SECONDS + 1

    told = ours.unready()
    assert told is not None
    assert "for 31 seconds the broker has not named this process as a member of payout.premium" in told


class PausedOnce(Consumer):
    """The first of them gets nothing of its partitions any more, as if its client had lost them out of sight."""

    made = 0
    paused = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        PausedOnce.made += 1
        self._lost = PausedOnce.made == 1

    def poll(self, seconds: float) -> dict[Partition, list[Message]]:
        if self._lost:
            self._consumer.pause(*self._consumer.assignment())
            PausedOnce.paused = bool(self._consumer.assignment())
        return super().poll(seconds)


def test_a_consumer_to_which_nothing_comes_while_messages_wait_joins_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PausedOnce, "made", 0)
    monkeypatch.setattr(PausedOnce, "paused", False)
    monkeypatch.setattr(consumer_module, "Consumer", PausedOnce)
    monkeypatch.setattr(consumer_module, "_STILL_SECONDS", 3.0)
    desk.relay()
    desk.consumer()
    until(lambda: PausedOnce.paused)
    desk.publish(a_change("waits"))

    until(lambda: desk.effects() == ["waits"])
    assert PausedOnce.made == 2
