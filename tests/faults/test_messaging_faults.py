"""Relays, workers, Kafka and PostgreSQL killed at the worst moments: every event has its effect, and none has two."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.messaging import verify
from shared.messaging.kafka_link import Consumer
from tests.real_parts import Kafka, Postgres
from tests.shared.conftest import database, platform_url
from tests.shared.messaging.builders import SERVICE, TOPIC, Desk, a_change, until
from tests.shared.messaging.conftest import desk, link

__all__ = ["database", "desk", "link", "platform_url"]  # fixtures

PATIENCE_SECONDS = 120.0


class Children:
    """Processes of their own, none of which outlives the test."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._desk = desk
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.messaging_child", kind],
            env=os.environ
            | {
                "DATABASE": self._desk.url,
                "BOOTSTRAP": self._desk.link.bootstrap_servers,
                "PREFIX": self._desk.link.topic_prefix,
                "REACHED": str(self._folder / kind),
            },
        )
        self._started.append(child)
        return child

    def reached(self, kind: str) -> bool:
        """Whether a child that hangs is where it should hang."""
        return (self._folder / kind).exists()

    def kill(self, child: subprocess.Popen[bytes]) -> None:
        child.kill()
        child.wait(60)

    def end(self) -> None:
        for child in self._started:
            self.kill(child)


@pytest.fixture
def children(desk: Desk, tmp_path: Path) -> Iterator[Children]:
    children = Children(desk, tmp_path)
    yield children
    children.end()


def assert_each_once(desk: Desk, claims: list[str]) -> None:
    until(lambda: set(desk.effects()) == set(claims), PATIENCE_SECONDS)
    until(lambda: desk.waiting() == 0, PATIENCE_SECONDS)
    assert len(desk.effects()) == len(claims)
    assert verify.unpublished(desk.link, desk.database) == []
    assert verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription()) == []
    assert desk.letters() == []


def publish(desk: Desk, claims: list[str], *names: str) -> None:
    desk.publish(*[a_change(name) for name in names])
    claims += names


def test_a_relay_killed_between_the_acknowledgement_and_the_removal_loses_and_doubles_nothing(
    desk: Desk, children: Children
) -> None:
    claims: list[str] = []
    publish(desk, claims, *[f"claim-{number}" for number in range(50)])
    hanging = children.start("relay_hangs")
    until(lambda: children.reached("relay_hangs"), PATIENCE_SECONDS)
    assert desk.waiting() == 50

    children.kill(hanging)
    children.start("relay")
    children.start("worker")

    assert_each_once(desk, claims)
    assert messages_on_topic(desk) > 50


def test_a_worker_killed_between_its_two_commits_does_nothing_twice(desk: Desk, children: Children) -> None:
    claims: list[str] = []
    publish(desk, claims, *[f"claim-{number}" for number in range(30)])
    children.start("relay")
    hanging = children.start("worker_hangs")
    until(lambda: children.reached("worker_hangs"), PATIENCE_SECONDS)
    assert desk.effects() != []

    children.kill(hanging)
    children.start("worker")

    assert_each_once(desk, claims)


def test_a_standby_relay_takes_over_from_one_that_was_killed(desk: Desk, children: Children) -> None:
    claims: list[str] = []
    active = children.start("relay")
    publish(desk, claims, "first")
    until(lambda: desk.waiting() == 0, PATIENCE_SECONDS)
    children.start("relay")
    children.start("worker")

    children.kill(active)
    publish(desk, claims, "second", "third")

    assert_each_once(desk, claims)


def test_only_one_of_two_relays_is_active(desk: Desk, children: Children) -> None:
    children.start("relay")
    children.start("relay")
    until(lambda: len(sessions(desk)) == 2, PATIENCE_SECONDS)

    until(lambda: sum(holds_lock for holds_lock in sessions(desk)) == 1, PATIENCE_SECONDS)


def test_workers_that_join_leave_and_die_under_load_share_the_work_once(desk: Desk, children: Children) -> None:
    claims: list[str] = []
    children.start("relay")
    first = children.start("worker")
    publish(desk, claims, *[f"a-{number}" for number in range(200)])
    until(lambda: desk.effects() != [], PATIENCE_SECONDS)

    second = children.start("worker")
    publish(desk, claims, *[f"b-{number}" for number in range(200)])
    until(lambda: len(desk.effects()) > 250, PATIENCE_SECONDS)
    first.send_signal(signal.SIGTERM)
    publish(desk, claims, *[f"c-{number}" for number in range(200)])
    assert first.wait(60) == 0

    until(lambda: len(desk.effects()) > 450, PATIENCE_SECONDS)
    children.start("worker")
    publish(desk, claims, *[f"d-{number}" for number in range(200)])
    children.kill(second)

    assert_each_once(desk, claims)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_kafka_restarted_under_load_loses_and_doubles_nothing(
    desk: Desk, children: Children, kafka_broker: Kafka, how: signal.Signals
) -> None:
    claims: list[str] = []
    children.start("relay")
    children.start("worker")
    publish(desk, claims, "before")
    until(lambda: desk.effects() == ["before"], PATIENCE_SECONDS)

    publish(desk, claims, *[f"under-{number}" for number in range(300)])
    kafka_broker.restart(how)
    publish(desk, claims, *[f"after-{number}" for number in range(50)])

    assert_each_once(desk, claims)


def test_postgresql_crashing_under_load_loses_and_doubles_nothing(
    desk: Desk, children: Children, postgres: Postgres
) -> None:
    claims: list[str] = []
    children.start("relay")
    children.start("worker")
    publish(desk, claims, "before")
    until(lambda: desk.effects() == ["before"], PATIENCE_SECONDS)

    publish(desk, claims, *[f"under-{number}" for number in range(300)])
    postgres.restart(signal.SIGQUIT)
    publish(desk, claims, *[f"after-{number}" for number in range(50)])

    assert_each_once(desk, claims)


def test_random_kills_for_a_while_lose_and_double_nothing(desk: Desk, children: Children) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    rng = random.Random(seed)
    claims: list[str] = []
    running = {kind: children.start(kind) for kind in ("relay", "worker")}
    for round_number in range(6):
        publish(desk, claims, *[f"{round_number}-{number}" for number in range(rng.randint(1, 120))])
        time.sleep(rng.uniform(0.0, 1.5))
        kind = rng.choice(("relay", "worker"))
        children.kill(running[kind])
        running[kind] = children.start(kind)

    assert_each_once(desk, claims)


def messages_on_topic(desk: Desk) -> int:
    with closing(Consumer(desk.link, "test", None)) as consumer:
        return sum(end - start for start, end in consumer.bounds(consumer.partitions_of(TOPIC)).values())


LOCKS = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pg_locks.pid = activity.pid AND granted)
FROM pg_stat_activity AS activity
WHERE datname = current_database() AND application_name = %s"""


def sessions(desk: Desk) -> list[bool]:
    """For each relay's session, whether it holds the advisory lock."""
    with desk.database.transaction() as tx:
        return [row[0] for row in tx.all(LOCKS, (f"{SERVICE}.relay",))]
