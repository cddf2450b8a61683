"""What tests of the messaging need: an event, a handler with a visible effect, and relays and consumers to start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime

from kafka import KafkaAdminClient

from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.envelope import Envelope, Event
from shared.events.payouts import PayoutChanged
from shared.messaging import dead_letters, outbox, topics
from shared.messaging.brokers_word import BrokersWord
from shared.messaging.consumer import SubscriptionRunner
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.kafka_link import Administrator, KafkaFault, Link, Producer
from shared.messaging.messages import Outgoing
from shared.messaging.relay import Relay
from shared.messaging.subscription import Handler, Subscription, on
from shared.process.new_ids import new_id
from shared.process.shutdown import Stopping

SERVICE = "tester"
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
TOPIC = PayoutChanged.TOPIC
PATIENCE_SECONDS = 60.0

EFFECTS = "CREATE TABLE effects (subject text, version integer, number bigint GENERATED ALWAYS AS IDENTITY)"


def a_change(claim_id: str = "", *, version: int = 1) -> PayoutChanged:
    return PayoutChanged(
        payout_id=new_id(),
        version=version,
        state="paid",
        claim_id=claim_id or new_id(),
        decision_id=new_id(),
        policy_id=new_id(),
        partner_id="telecom-east",
        amount_fen=100_00,
        currency="CNY",
        changed_at=NOW,
    )


def count_effect(tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
    """A handler whose effect shows how often it was had."""
    tx.execute("INSERT INTO effects (subject, version) VALUES (%s, %s)", (envelope.subject, envelope.data.version))


def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something that other threads or processes bring about."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def refused(link: Link) -> str | None:
    """By what kind of fault the broker is not reached; None where it answers."""
    try:
        with closing(Administrator(link, "test")) as administrator:
            administrator.topic_ids([TOPIC])
    except KafkaFault as fault:
        return type(fault).__name__
    return None


def delete_topic(link: Link, topic: str) -> None:
    """As an operator may, by the broker's own tools."""
    with closing(KafkaAdminClient(**link.common("operator"))) as admin:
        admin.delete_topics([link.topic_prefix + topic])


class Runs:
    """Something with ``run`` in a thread, and how it ended."""

    def __init__(self, work: Callable[[], None], stopping: Stopping) -> None:
        self._stopping = stopping
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._guarded, args=(work,), daemon=True)
        self._thread.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # the test that started it asks for it
            self.error = error

    def stop(self) -> None:
        self._stopping.ask()
        self.join()

    def join(self) -> None:
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()


def consume(service: str, subscription: Subscription, link: Link, database: Database) -> Runs:
    """One consumer of a service's subscription, as its worker runs it."""
    stopping, word = Stopping(), BrokersWord(service, [subscription], link)
    runner = SubscriptionRunner(service, subscription, link, database, stopping, word=word)

    def run() -> None:
        with closing(word):
            runner.run()

    return Runs(run, stopping)


class Desk:
    """One service's ends of the messaging, with its topics made."""

    def __init__(self, url: str, database: Database, link: Link, *, replication: int = 1) -> None:
        self.url = url
        self.database = database
        self.link = link
        self._running: list[Runs] = []
        topics.ensure(SERVICE, [self.subscription()], link, partitions=4, replication=replication)
        with database.transaction() as tx:
            tx.execute(EFFECTS)

    def subscription(
        self,
        handlers: Mapping[type[Event], Handler] | None = None,
        *,
        batch: int = 100,
        topics: tuple[str, ...] = (TOPIC,),
    ) -> Subscription:
        return Subscription("reader", topics, handlers or on(PayoutChanged, count_effect), batch)

    @property
    def group(self) -> str:
        return self.subscription().group(SERVICE)

    def publish(self, *events: PayoutChanged) -> list[str]:
        """Write events to the outbox, as a use case does; the claim is the subject."""
        with self.database.transaction() as tx:
            return list(outbox.add_many(tx, [(event, event.claim_id) for event in events], now=NOW))

    def send_raw(self, value: bytes, headers: Mapping[str, str], key: str = "x") -> None:
        """A message on the topic that no relay of ours would send."""
        producer = Producer(self.link, "test")
        fixed = tuple((name, text.encode()) for name, text in headers.items())
        assert producer.send([Outgoing(TOPIC, key.encode(), value, fixed)]) != [None]
        producer.close()

    def relay(self) -> Runs:
        stopping = Stopping()
        return self._keep(Runs(Relay(SERVICE, self.link, self.url, stopping).run, stopping))

    def consumer(self, subscription: Subscription | None = None) -> Runs:
        return self._keep(consume(SERVICE, subscription or self.subscription(), self.link, self.database))

    def effects(self) -> list[str]:
        """The subject of each effect, as often as it was had."""
        with self.database.transaction() as tx:
            return [row[0] for row in tx.all("SELECT subject FROM effects ORDER BY number")]

    def waiting(self) -> int:
        """Events in the outbox."""
        with self.database.transaction() as tx:
            row = tx.one("SELECT count(*) FROM outbox")
            assert row is not None
            return int(row[0])

    def letters(self) -> list[DeadLetter]:
        return dead_letters.letters(self.link, self.database, self.group, [TOPIC])

    def close(self) -> None:
        for runs in self._running:
            runs.stop()

    def _keep(self, runs: Runs) -> Runs:
        self._running.append(runs)
        return runs
