"""Topics of three brokers that were made to take an event with fewer copies of it than we ask for today."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from shared.events.catalog import TOPICS
from shared.messaging import topics
from shared.messaging.kafka_link import Administrator, Copies, KafkaFault, Link, Producer
from shared.messaging.messages import Outgoing
from shared.messaging.subscription import Subscription
from shared.messaging.topics import Raised
from tests.faults.brokers import Cluster
from tests.real_parts import Room, new_prefix
from tests.shared.messaging.builders import SERVICE, TOPIC, until

READER: Final = Subscription("reader", (TOPIC,), {})
LETTERS: Final = READER.dead_letter_topics(SERVICE)[0]
IN_A_ROW: Final = 8
"""Each question goes to any of the three brokers."""


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[str]:
    room = Room()
    try:
        cluster = Cluster(room)
        yield cluster.bootstrap
        for broker in cluster.brokers.values():
            cluster.kill(broker)
    finally:
        room.close()


@pytest.fixture
def link(bootstrap: str) -> Link:
    return Link(bootstrap, new_prefix())


def made(link: Link, *, copies: int, **in_sync: int) -> None:
    """Topics as an operator left them, and as every broker knows them by now."""
    topics.ensure(SERVICE, [READER], link, partitions=2, replication=copies)
    with closing(Administrator(link, "test")) as administrator:
        administrator.require_in_sync({TOPIC: in_sync["events"], LETTERS: in_sync["letters"]})
    wait_until_all_know(link, {TOPIC: Copies(copies, in_sync["events"]), LETTERS: Copies(copies, in_sync["letters"])})


def wait_until_all_know(link: Link, copies: dict[str, Copies]) -> None:
    """What is changed is known to each broker a moment later."""
    until(lambda: all(known(link) == copies for _ in range(IN_A_ROW)))


def known(link: Link) -> dict[str, Copies] | None:
    """What one of the brokers says; None where it does not know the topics' settings yet."""
    try:
        return standing(link)
    except KafkaFault:
        return None


def standing(link: Link) -> dict[str, Copies]:
    with closing(Administrator(link, "test")) as administrator:
        return administrator.copies([TOPIC, LETTERS, "not.there"])


def test_a_topic_of_three_copies_that_took_an_event_with_one_of_them_takes_it_with_two(link: Link) -> None:
    made(link, copies=3, events=1, letters=1)
    assert topics.raise_in_sync(SERVICE, [READER], link) == [Raised(TOPIC, 1, 2), Raised(LETTERS, 1, 2)]
    wait_until_all_know(link, {TOPIC: Copies(3, 2), LETTERS: Copies(3, 2)})
    assert standing(link) == {TOPIC: Copies(3, 2), LETTERS: Copies(3, 2)}
    assert topics.raise_in_sync(SERVICE, [READER], link) == []


def test_a_topic_that_asks_for_more_than_we_do_goes_on_asking_for_it(link: Link) -> None:
    made(link, copies=3, events=3, letters=1)
    assert topics.raise_in_sync(SERVICE, [READER], link) == [Raised(LETTERS, 1, 2)]
    wait_until_all_know(link, {TOPIC: Copies(3, 3), LETTERS: Copies(3, 2)})
    assert standing(link) == {TOPIC: Copies(3, 3), LETTERS: Copies(3, 2)}


def test_a_topic_that_is_not_there_cannot_be_changed_and_the_broker_says_why(link: Link) -> None:
    with closing(Administrator(link, "test")) as administrator, pytest.raises(KafkaFault, match=r"not\.there.*nknown"):
        administrator.require_in_sync({"not.there": 1})


def test_a_topic_of_one_copy_is_not_asked_for_two(link: Link) -> None:
    made(link, copies=1, events=1, letters=1)
    assert topics.raise_in_sync(SERVICE, [READER], link) == []
    with closing(Producer(link, "test")) as producer:
        assert producer.send([Outgoing(TOPIC, b"k", b"v", ())]) != [None]


def test_the_command_says_what_it_raised(link: Link) -> None:
    made(link, copies=3, events=1, letters=2)
    done = subprocess.run(
        [sys.executable, "-m", "services.payout", "topics"],
        env={
            **os.environ,
            "PAYOUT_DATABASE_URL": "postgresql:///nowhere",
            "KAFKA_BOOTSTRAP_SERVERS": link.bootstrap_servers,
            "KAFKA_TOPIC_PREFIX": link.topic_prefix,
            "KAFKA_TOPIC_REPLICATION": "3",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = done.stdout.splitlines()
    assert [line for line in said if line.startswith("raised")] == [
        f"raised min.insync.replicas of {TOPIC} from 1 to 2"
    ]
    assert said[-1] == "all topics are there"
    assert set(TOPICS).isdisjoint(line.removeprefix("created ") for line in said)
