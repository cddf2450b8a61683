"""Takes events from the outbox to Kafka and removes what was acknowledged. Writing them there is outbox's.

Any number may run per service; one is elected by an advisory lock of its database session and the others stand by. A
relay killed between the acknowledgement and the removal sends those events again, and the consumers' inboxes absorb
them. Nothing is removed that Kafka has not acknowledged.
"""

from __future__ import annotations

import json
import select
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg2.errors import ReadOnlySqlTransaction
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case

from shared.db.columns import Columns, rows_into
from shared.db.connection import connect
from shared.db.errors import AWAY
from shared.messaging.headers import headers_of, source_of
from shared.messaging.kafka_link import KafkaFault, Link, Producer, require_fast_checksums
from shared.messaging.messages import Outgoing, Place
from shared.messaging.outbox import CHANNEL
from shared.messaging.retry_delay import delay
from shared.process import metrics
from shared.process.clock import monotonic, wall_now
from shared.process.health import Health
from shared.process.logs import get_logger
from shared.process.shutdown import Stopping

_LOCK: Final = 0x6F7574626F78  # "outbox"; the lock is the database's, so each service has its own
_BATCH_ROWS: Final = 500
"""13 ms of producing at 26 us a message: the row that came last does not wait long for the first."""
_BATCH_BYTES: Final = 8_000_000
"""Chunks of 1,000 policies have some 170 kB each; the relay holds a batch about three times over."""
_POLL_SECONDS: Final = 0.5
"""Behind NOTIFY, for a wake-up that was lost with the process that meant to send it."""
_ELECTION_SECONDS: Final = 1.0
_GAUGE_SECONDS: Final = 5.0
_NEAR: Final = 500
"""So many ids before the last that was sent a look begins: transactions that run side by side commit out of order.

What was removed before that is not stepped over each time. While a backup, a report or an ANALYZE holds an old snapshot
none of it can be cleaned up, and each look would cost more than the one before.
"""
_WHOLE_LOOK_SECONDS: Final = 1.0
"""So often a look begins at the very first, for a transaction that took its ids long before it committed."""
_STALE_SECONDS: Final = 60.0
"""An event that waits longer than a restart of the broker takes is worth waking somebody."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One row of the outbox."""

    id: int
    event_id: str
    type: str
    topic: str
    subject: str
    occurred_at: datetime
    trace: str
    body: str
    written_at: datetime


_TAKE: Final = f"""
SELECT {Columns(_Waiting)}
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
    FROM (SELECT * FROM outbox WHERE id >= %s ORDER BY id LIMIT %s) AS oldest
) AS counted
WHERE bytes_before < %s
ORDER BY id"""
# The outbox is mostly empty, but its pages hold rows that are gone until vacuum comes, which takes minutes where it is
# busy with large tables. By its statistics it seems cheap to read them all at each look (762 pages for 6,000 claims);
# the index knows from the second look on which of its entries are gone.
_BY_INDEX: Final = "SET enable_seqscan = off"
_MARK: Final = """
WITH gone AS (
    DELETE FROM outbox USING unnest(%s::bigint[], %s::integer[], %s::bigint[]) AS place (id, partition, "offset")
    WHERE outbox.id = place.id
    RETURNING outbox.event_id, outbox.topic, place.partition, place."offset"
)
INSERT INTO outbox_sent (event_id, topic, partition, "offset")
SELECT event_id, topic, partition, "offset" FROM gone
ON CONFLICT (event_id) DO NOTHING"""
_WAITING: Final = "SELECT count(*), min(written_at) FROM (SELECT written_at FROM outbox ORDER BY id) AS waiting"


@dataclass(slots=True)
class _State:
    """What the health checks ask for."""

    oldest: datetime | None = None
    active: bool = False
    fault: str | None = None


class Relay:
    """One relay of one service."""

    def __init__(
        self, service: str, link: Link, database_url: str, stopping: Stopping, *, gather_seconds: float = 0.0
    ) -> None:
        self._service = service
        self._source = source_of(service)
        self._url = database_url
        self._stopping = stopping
        self._gather_seconds = gather_seconds
        self._producer = Producer(link, f"{service}.relay")
        self._log = get_logger()
        self._state = _State()
        self._gauges_due = 0.0
        self._near = 0
        self._whole_look_due = 0.0

    def run(self) -> None:
        """Until the process should stop: stand by, or be the elected one; outlive the database and the broker."""
        failures = 0
        while not self._stopping.requested():
            try:
                connection = connect(self._url, f"{self._service}.relay")
            except AWAY as error:
                failures = self._failed_again(failures)
                self._report(error, failures)
                continue
            try:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(_BY_INDEX)
                self._stand_by(connection)
                self._publish_until_stopped(connection)
            except AWAY as error:
                failures = self._failed_again(failures)
                self._report(error, failures)
            finally:
                self._set_active(active=False)
                connection.close()
        self._producer.close()

    def unready(self) -> str | None:
        """For the health check."""
        state = self._state
        if state.fault is not None:
            return f"the relay cannot work: {state.fault}"
        waited = (wall_now() - state.oldest).total_seconds() if state.active and state.oldest is not None else 0.0
        if waited > _STALE_SECONDS:
            return f"the oldest event has waited {waited:.0f} seconds for Kafka; is the broker up, do the topics exist?"
        return None

    def _stand_by(self, connection: Connection) -> None:
        """Until this session has the lock. It is freed by PostgreSQL with the session of the one that had it.

        Raises:
            ReadOnlySqlTransaction: this server takes no writes; another one may by now.
        """
        while not self._stopping.requested():
            if _rows(connection, "SHOW transaction_read_only", ())[0][0] != "off":
                # A standby gives such locks too, and would have events sent that cannot be removed there.
                raise ReadOnlySqlTransaction
            if _rows(connection, "SELECT pg_try_advisory_lock(%s)", (_LOCK,))[0][0]:
                self._log.info("relay_elected")
                self._set_active(active=True)
                return
            self._state.fault = None
            self._stopping.wait(_ELECTION_SECONDS)

    def _publish_until_stopped(self, connection: Connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        failures = 0
        while not self._stopping.requested():
            self._watch(connection)
            try:
                found = self.publish(connection)
            except KafkaFault as error:
                failures += 1
                self._report(error, failures)
                continue
            failures, self._state.fault = 0, None
            if 0 < found < _BATCH_ROWS:
                self._stopping.wait(self._gather_seconds)
            _await_notice(connection, 0.0 if found else _POLL_SECONDS)

    def publish(self, connection: Connection) -> int:
        """Send one batch and remove what was acknowledged; how many events were found.

        Raises:
            KafkaFault: some were not acknowledged; they wait for the next call.
        """
        rows = _oldest(connection, self._look_from())
        if not rows:
            return 0
        places = self._producer.send([self._message(row) for row in rows])
        sent = [(row, place) for row, place in zip(rows, places, strict=True) if place is not None]
        if sent:
            self._mark(connection, sent)
        if len(sent) < len(rows):
            self._whole_look_due = 0.0
            raise KafkaFault(f"{len(rows) - len(sent)} of {len(rows)} events were not acknowledged")
        self._near = max(self._near, rows[-1].id - _NEAR)
        return len(rows)

    def _look_from(self) -> int:
        if (now := monotonic()) < self._whole_look_due:
            return self._near
        self._whole_look_due = now + _WHOLE_LOOK_SECONDS
        return 0

    def _message(self, row: _Waiting) -> Outgoing:
        headers = headers_of(
            event_id=row.event_id,
            event_type=row.type,
            source=self._source,
            time=row.occurred_at,
            subject=row.subject,
            trace=json.loads(row.trace) if row.trace else {},
        )
        return Outgoing(row.topic, row.subject.encode(), row.body.encode(), headers)

    def _mark(self, connection: Connection, sent: list[tuple[_Waiting, Place]]) -> None:
        numbers = [row.id for row, _ in sent]
        partitions, offsets = [place.partition for _, place in sent], [place.offset for _, place in sent]
        with connection.cursor() as cursor:
            cursor.execute(_MARK, (numbers, partitions, offsets))
        now = wall_now()
        for topic, count in Counter(row.topic for row, _ in sent).items():
            metrics.OUTBOX_PUBLISHED.labels(topic).inc(count)
        for row, _ in sent:
            metrics.OUTBOX_PUBLISH_SECONDS.observe((now - row.written_at).total_seconds())

    def _watch(self, connection: Connection) -> None:
        if monotonic() < self._gauges_due:
            return
        count, oldest = _rows(connection, _WAITING, ())[0]
        self._gauges_due = monotonic() + _GAUGE_SECONDS
        self._state.oldest = oldest
        metrics.OUTBOX_ROWS.set(count)
        metrics.OUTBOX_AGE_SECONDS.set(0 if oldest is None else (wall_now() - oldest).total_seconds())

    def _set_active(self, *, active: bool) -> None:
        self._state.active = active
        metrics.RELAY_ACTIVE.set(int(active))

    def _failed_again(self, failures: int) -> int:
        """How often in a row, now that it failed once more; it begins anew where it stood by or published since."""
        return failures + 1 if self._state.fault is not None else 1

    def _report(self, error: Exception, failures: int) -> None:
        # The class alone: a message of libpq may hold the URL's parts.
        self._state.fault = f"{type(error).__name__} {failures} times in a row; it tries again by itself"
        self._log.warning("relay_retries", error=type(error).__name__, failures=failures)
        self._stopping.wait(delay(failures))


def run(
    service: str, link: Link, database_url: str, health: Health, stopping: Stopping, *, gather_seconds: float = 0.0
) -> None:
    """The relay process: returns when it should stop, its batch done and the lock given back.

    Events may gather for ``gather_seconds`` after a batch that was not full.
    """
    require_fast_checksums()
    relay = Relay(service, link, database_url, stopping, gather_seconds=gather_seconds)
    health.register("relay", relay.unready)
    relay.run()


def _oldest(connection: Connection, first: int) -> list[_Waiting]:
    """The next batch of those whose id is at least ``first``."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, (first, _BATCH_ROWS, _BATCH_BYTES))
        found = cursor.fetchall()
        return rows_into(_Waiting, _TAKE, lambda: [column.name for column in cursor.description or ()], found)


def _rows(connection: Connection, sql: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _await_notice(connection: Connection, seconds: float) -> None:
    """Sleep until somebody wrote to the outbox, at most ``seconds``; forget the notices, one look serves them all."""
    readable, _, _ = select.select([connection], [], [], seconds)
    if readable:
        connection.poll()
        connection.notifies.clear()
