"""Runs one subscription: reads its topics and has each event take its effect once. What the effect is, handlers say.

A polled batch is one transaction: inbox and effects together; then the offsets are committed. Where that fails, events
are tried one by one, so that one bad event stops nobody but itself (see shared.messaging.failures for what is what).
While it waits for a second try it goes on polling, so that the group does not take it for dead; what comes meanwhile
from a partition that waits is dropped, and read again from its first offset. (kafka-python 3.0.12 has a pause for this,
but loses a paused partition for good where it had records of it in hand: its fetcher never takes them up again.) A
rebalance happens inside poll, when everything polled before is done and committed, or held back at its first offset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.envelope import Envelope, Event
from shared.messaging import inbox
from shared.messaging.brokers_word import BrokersWord
from shared.messaging.dead_letters import DeadLetters, NotSetAside
from shared.messaging.failures import PASSING, Poison, Unready, malformed_is_poison
from shared.messaging.headers import event_type_of, read
from shared.messaging.held_partitions import HeldPartitions
from shared.messaging.kafka_link import Consumer, KafkaFault, Link
from shared.messaging.membership import JoinAnew, Membership
from shared.messaging.messages import Message, Partition
from shared.messaging.progress import Progress
from shared.messaging.retry_delay import delay
from shared.messaging.subscription import Handler, Subscription, Together
from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.process.shutdown import Stopping

UNREADY_SECONDS: Final = 120.0
"""How long an event waits for a fact that it builds on, before it goes to the dead letters. Longer than a restart of
another service and its relay takes; the rest of its partition waits behind it."""
_POLL_SECONDS: Final = 0.25
"""How soon a stop is noticed while nothing comes; events themselves wake the poll."""
_LOOK_SECONDS: Final = 5.0
_STILL_SECONDS: Final = 30.0
"""Messages wait, nothing comes, and nothing failed: the client has lost a partition out of sight. A fetch takes half a
second at most."""
_HOLD_SECONDS: Final = 0.25
"""How long it rests where all that comes is of partitions that wait: four reads a second for nothing, at most."""

_TRY_AGAIN: Final = (*PASSING, KafkaFault, NotSetAside)


@dataclass(frozen=True, slots=True)
class _Item:
    """A message with its event; without, where this group passes it over."""

    message: Message
    envelope: Envelope[Event] | None


class SubscriptionRunner:
    """One member of a subscription's consumer group."""

    def __init__(
        self,
        service: str,
        subscription: Subscription,
        link: Link,
        database: Database,
        stopping: Stopping,
        *,
        word: BrokersWord,
    ) -> None:
        self._subscription = subscription
        self._group = subscription.group(service)
        self._link = link
        self._database = database
        self._stopping = stopping
        self._dead_letters = DeadLetters(link, self._group)
        self.progress = Progress(self._group)
        self.membership = Membership(self._group, word, database)
        self._held = HeldPartitions()
        self._told: set[Partition] = set()
        self._unready_since: dict[tuple[Partition, int], float] = {}
        self._failures = 0
        self._look_due = 0.0
        self._came_at = 0.0
        self._log = get_logger().bind(group=self._group)

    def run(self) -> None:
        """Until the process should stop. Ends with an exception only for a bug; what is polled is finished first."""
        failures = 0
        while not self._stopping.requested():
            try:
                self._consume()
                failures = 0
            except KafkaFault as error:
                failures += 1
                self._log.warning("consumer_reconnects", error=type(error).__name__, failures=failures)
                self.progress.turned()
                self._stopping.wait(delay(failures))
            except JoinAnew as error:
                metrics.CONSUMER_REJOINS.labels(self._group).inc()
                self._log.warning("consumer_joins_anew", reason=error.reason)
        self._dead_letters.close()

    def _consume(self) -> None:
        """As one member of the group, from joining to leaving."""
        consumer = Consumer(self._link, self._group, self._group, batch=self._subscription.batch)
        self._held.clear()
        self._came_at = monotonic()
        try:
            consumer.subscribe(self._subscription.topics)
            while not self._stopping.requested():
                polled = consumer.poll(_POLL_SECONDS)
                self.progress.turned()
                batch = self._held.pass_over(consumer, polled)
                if batch:
                    self._work_off(consumer, batch)
                    self._let_gather(sum(map(len, batch.values())))
                elif polled:
                    self._stopping.wait(_HOLD_SECONDS)
                if polled:
                    self._came_at = monotonic()
                self._look_around(consumer)
        finally:
            self.membership.leave(consumer.member())
            with suppress(KafkaFault):
                consumer.close()

    def _let_gather(self, taken: int) -> None:
        if taken < self._subscription.batch:
            self._stopping.wait(self._subscription.gather_seconds)

    def _work_off(self, consumer: Consumer, batch: Mapping[Partition, Sequence[Message]]) -> None:
        began = monotonic()
        done: dict[Partition, int] = {}
        try:
            try:
                items = [self._item(message) for messages in batch.values() for message in messages]
                self._apply(items)
            except _TRY_AGAIN as error:
                self._hold(consumer, {place: messages[0].offset for place, messages in batch.items()}, error)
                return
            except Exception:  # noqa: BLE001  # whichever it is, it comes again below, from the one event that has it
                if not self._one_by_one(consumer, batch, done):
                    return
            else:
                done.update({place: messages[-1].offset + 1 for place, messages in batch.items()})
            self._failures = 0
            self.progress.made()
        finally:
            self._commit(consumer, done)
            metrics.CONSUMER_BATCH_SECONDS.labels(self._group).observe(monotonic() - began)

    def _one_by_one(
        self, consumer: Consumer, batch: Mapping[Partition, Sequence[Message]], done: dict[Partition, int]
    ) -> bool:
        """Each event in a transaction of its own; ``done`` tells how far it came. False if something must wait."""
        left = {place: list(messages) for place, messages in batch.items()}
        waits = False
        for place, messages in batch.items():
            for message in messages:
                try:
                    self._take_or_set_aside(message)
                except Unready as error:
                    self._hold(consumer, {place: message.offset}, error)
                    waits = True
                    break
                except _TRY_AGAIN as error:
                    self._hold(consumer, {each: rest[0].offset for each, rest in left.items() if rest}, error)
                    return False
                left[place].pop(0)
                done[place] = message.offset + 1
            left[place].clear()
        return not waits

    def _take_or_set_aside(self, message: Message) -> None:
        """One event's effect, or its way to the dead letters; raises what is to be tried again, and bugs."""
        key = (Partition(message.topic, message.partition), message.offset)
        try:
            with malformed_is_poison():
                self._apply([self._item(message)])
        except Poison as error:
            self._set_aside(message, error)
        except Unready as error:
            since = self._unready_since.setdefault(key, monotonic())
            if monotonic() - since < UNREADY_SECONDS:
                raise
            self._set_aside(message, error)
        except _TRY_AGAIN:
            raise
        except Exception:
            self._log.exception(
                "consumer_crashes", topic=message.topic, partition=message.partition, offset=message.offset
            )
            raise
        self._unready_since.pop(key, None)

    def _item(self, message: Message) -> _Item:
        struct = event_type_of(message)
        if struct is None or struct not in self._subscription.handlers:
            return _Item(message, None)
        return _Item(message, read(message, struct))

    def _apply(self, items: Sequence[_Item]) -> None:
        """The effects of all these events, in one transaction."""
        envelopes = [item.envelope for item in items if item.envelope is not None]
        outcomes = Counter({("", "passed_over"): len(items) - len(envelopes)})
        if envelopes:
            with self._database.transaction() as tx:
                fresh = inbox.receive(tx, self._group, [envelope.id for envelope in envelopes])
                new: list[Envelope[Event]] = []
                for envelope in envelopes:
                    if envelope.id in fresh:
                        fresh.discard(envelope.id)
                        new.append(envelope)
                        outcomes[envelope.type, "done"] += 1
                    else:
                        outcomes[envelope.type, "repeated"] += 1
                for struct, neighbors in groupby(new, key=lambda envelope: type(envelope.data)):
                    self._handle(tx, self._subscription.handlers[struct], list(neighbors))
        for (event_type, outcome), count in outcomes.items():
            metrics.CONSUMER_EVENTS.labels(self._group, event_type, outcome).inc(count)

    def _handle(self, tx: Tx, handler: Handler, neighbors: Sequence[Envelope[Event]]) -> None:
        """The effects of events of one type that came one after the other."""
        together = handler if isinstance(handler, Together) else None
        if together is not None:
            together.effect(tx, neighbors)
        for envelope in neighbors:
            if together is not None and not traces.exports():
                # Where events are many, a span for nobody would cost more than the line.
                self._tell(envelope, trace_id=traces.trace_id_of(envelope.trace))
                continue
            with traces.span(f"{self._group} {envelope.type}", parent=envelope.trace):
                if together is None:
                    handler(tx, envelope)
                self._tell(envelope, trace_id=traces.trace_id())

    def _tell(self, envelope: Envelope[Event], *, trace_id: str) -> None:
        """With the event's trace id, which is found in the logs of each service that it went through."""
        self._log.info("event_handled", type=envelope.type, subject=envelope.subject, id=envelope.id, trace_id=trace_id)

    def _set_aside(self, message: Message, error: Poison | Unready) -> None:
        self._dead_letters.set_aside(message, error)
        metrics.CONSUMER_EVENTS.labels(self._group, "", "dead").inc()
        self._log.error(
            "event_set_aside", topic=message.topic, partition=message.partition, offset=message.offset, error=str(error)
        )

    def _hold(self, consumer: Consumer, first_offsets: Mapping[Partition, int], error: Exception) -> None:
        """Go back to these offsets and leave their partitions alone for a while."""
        self._failures += 1
        self._held.hold(consumer, first_offsets, delay(self._failures))
        metrics.CONSUMER_RETRIES.labels(self._group).inc()
        self._log.warning("consumer_retries", error=type(error).__name__, failures=self._failures)

    def _forget(self, partition: Partition) -> None:
        """What was kept of its offsets: they mean other messages now."""
        self._held.forget(partition)
        self._unready_since = {key: since for key, since in self._unready_since.items() if key[0] != partition}

    def _commit(self, consumer: Consumer, done: Mapping[Partition, int]) -> None:
        if not done:
            return
        try:
            consumer.commit(done)
        except KafkaFault as error:
            # The effects are durable; these events may come again, and the inbox knows them.
            self._log.warning("offsets_not_committed", error=type(error).__name__)

    def _look_around(self, consumer: Consumer) -> None:
        """Now and then, ask the broker how far it is: it tells our lag, and its answer that nothing to do is true.

        Raises:
            JoinAnew: reading on with this consumer leads nowhere.
        """
        if monotonic() < self._look_due:
            return
        self._look_due = monotonic() + _LOOK_SECONDS
        ours = consumer.assignment()
        try:
            for place in self.membership.look(consumer):
                self._forget(place)
            behind = consumer.behind(ours)
        except KafkaFault as error:
            self._log.warning("broker_does_not_answer", error=type(error).__name__)
            return
        if ours and not any(behind.values()):
            self.progress.made()
            self._came_at = monotonic()
        if not consumer.member().joined:
            self._look_due = monotonic() + _POLL_SECONDS
        elif monotonic() - self._came_at > _STILL_SECONDS and any(behind.values()):
            raise JoinAnew("as messages wait and none of them comes")
        for place in self._told - ours:
            metrics.CONSUMER_LAG.remove(self._group, place.topic, str(place.number))
        for place, messages in behind.items():
            metrics.CONSUMER_LAG.labels(self._group, place.topic, str(place.number)).set(messages)
        self._told = ours
