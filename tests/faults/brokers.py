"""Kills brokers of a real cluster of three under load, round after round: ``make proof-brokers``.

    make proof-brokers                    3 rounds
    make proof-brokers ROUNDS=1 SEED=7    one, and the same again

In each round the broker that leads a partition is killed by SIGKILL, and later a second one: then nobody leads, nothing
is acknowledged, and events wait. The second comes back, then the first. Nothing that was acknowledged is lost, nothing
has its effect twice, and everything goes on by itself. The seed chooses whom and when.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from kafka import KafkaAdminClient

from deploy.local.kafka import Broker, cluster
from shared.db.pool import Database
from shared.messaging import verify
from shared.messaging.kafka_link import Administrator, KafkaFault, Link
from shared.process import logs
from shared.process.new_ids import new_id
from tests.real_parts import Postgres, Room, new_prefix
from tests.shared.messaging.builders import SERVICE, TOPIC, Desk, a_change, until
from tests.shared.platform_database import platform_database

ROUNDS: Final = 3
BROKERS: Final = 3
EVENTS_A_SECOND: Final = 100
APART_SECONDS: Final = (4.0, 12.0)
"""Between two blows: a broker that is gone is noticed after four seconds (see deploy.local.kafka)."""
PATIENCE_SECONDS: Final = 180.0


class Cluster:
    """Three brokers, and who of them was killed."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.killed: list[int] = []
        self.brokers = {broker.node: broker for broker in cluster(room.folder, BROKERS)}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for broker in self.brokers.values():
            broker.prepare()
        for broker in self.brokers.values():
            self.start(broker)
        for broker in self.brokers.values():
            broker.wait()

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self, broker: Broker) -> None:
        self._processes[broker.node] = self._room.start(broker.command(), broker.log)

    def kill(self, broker: Broker) -> None:
        self.killed.append(broker.node)
        self._processes[broker.node].send_signal(signal.SIGKILL)
        self._processes[broker.node].wait()

    def leader(self, link: Link) -> Broker:
        """Of the first partition of our topic."""
        with closing(KafkaAdminClient(**link.common("proof"))) as admin:
            (topic,) = admin.describe_topics([link.topic_prefix + TOPIC])
        return self.brokers[topic["partitions"][0]["leader_id"]]


class Load:
    """Writes events to the outbox, steadily, until told to stop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._over = threading.Event()
        self.claims: list[str] = []
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        while not self._over.wait(1 / EVENTS_A_SECOND):
            claim = new_id()
            self._desk.publish(a_change(claim))
            self.claims.append(claim)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def a_cluster() -> Iterator[tuple[Cluster, Desk]]:
    """Brokers, a database, a relay and two consumers of one group."""
    room = Room()
    try:
        brokers, postgres = Cluster(room), Postgres(room)
        link = Link(brokers.bootstrap, new_prefix())
        with (
            platform_database(postgres) as url,
            closing(Database(url, size=8)) as database,
            closing(Desk(url, database, link, replication=BROKERS)) as desk,
        ):
            desk.relay()
            desk.consumer()
            desk.consumer()
            yield brokers, desk
        postgres.stop()
    finally:
        room.close()


def play(brokers: Cluster, desk: Desk, chance: random.Random) -> str:
    """One round; what it was like, in a line.

    Raises:
        AssertionError: something was lost, had its effect twice, or did not go on.
    """
    before, began = set(desk.effects()), time.monotonic()
    load = Load(desk)
    time.sleep(chance.uniform(*APART_SECONDS))
    first = brokers.leader(desk.link)
    brokers.kill(first)
    time.sleep(chance.uniform(*APART_SECONDS))
    with_two = len(set(desk.effects()) - before)
    second = chance.choice([broker for broker in brokers.brokers.values() if broker != first])
    brokers.kill(second)
    time.sleep(chance.uniform(*APART_SECONDS))
    brokers.start(second)
    time.sleep(chance.uniform(*APART_SECONDS))
    brokers.start(first)
    time.sleep(chance.uniform(*APART_SECONDS))
    load.stop()

    try:
        until(lambda: not desk.waiting() and len(set(desk.effects()) - before) == len(load.claims), PATIENCE_SECONDS)
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}: {_state(brokers, desk, before, load)}") from None
    effects = desk.effects()
    assert len(effects) == len(set(effects)), "an event had its effect twice"
    assert with_two, "nothing went on with two brokers of three"
    faults = verify.unpublished(desk.link, desk.database)
    faults += verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription())
    assert not faults, faults[:5]
    return (
        f"{time.monotonic() - began:6.1f} s  {len(load.claims):,} events; killed broker {first.node}, which led, and "
        f"{second.node}; with two of three {with_two:,} had their effect"
    )


def _state(brokers: Cluster, desk: Desk, before: set[str], load: Load) -> str:
    """Who has not gone on: the relay, the consumers, or the cluster itself."""
    had = len(set(desk.effects()) - before)
    told = f"{desk.waiting()} wait in the outbox, {had} of {len(load.claims)} had their effect"
    try:
        with closing(Administrator(desk.link, "proof")) as broker:
            told += f"; {broker.groups([desk.group])}"
        with closing(KafkaAdminClient(**desk.link.common("proof"))) as admin:
            (topic,) = admin.describe_topics([desk.link.topic_prefix + TOPIC])
        told += "; " + ", ".join(f"{each['leader_id']} leads {each['isr_nodes']}" for each in topic["partitions"])
    except KafkaFault as error:
        told += f"; the brokers do not say ({error})"
    return f"{told}; killed were {', '.join(map(str, brokers.killed))}"


def main() -> int:
    rounds, seed = int(os.environ.get("ROUNDS", ROUNDS)), int(os.environ.get("SEED", time.time()))
    print(f"seed {seed}: {rounds} rounds (SEED={seed} repeats it)", flush=True)
    logs.configure(SERVICE, "proof", os.environ.get("LOG_LEVEL", "ERROR"))
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # brokers that are away are what this is about
    with a_cluster() as (brokers, desk):
        for number in range(1, rounds + 1):
            try:
                told = play(brokers, desk, random.Random(f"{seed} {number}"))
            except AssertionError as wrong:
                print(f"BROKEN in round {number}: {wrong}\nthe seed was {seed}")
                return 1
            print(f"round {number}  {told}", flush=True)
    print("nothing acknowledged was lost, nothing was done twice, and everything went on by itself")
    return 0


if __name__ == "__main__":
    sys.exit(main())
