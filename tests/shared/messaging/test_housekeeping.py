"""No table grows for ever: what is old goes, what is young stays, however much of it there is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.db.pool import Database
from shared.messaging import housekeeping, topics
from shared.messaging.jobs import Job
from tests import clock

OLD = timedelta(days=housekeeping.KEPT_DAYS + 1)
YOUNG = timedelta(days=1)

FILL = {
    "outbox_sent": (
        """INSERT INTO outbox_sent (event_id, topic, partition, "offset", sent_at)
           SELECT %(id)s::uuid, 't', 0, 1, %(at)s"""
    ),
    "inbox": "INSERT INTO inbox (event_id, consumer, received_at) SELECT %(id)s::uuid, 'c', %(at)s",
    "idempotency_keys": (
        """INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, body, created_at)
           SELECT 'c', 'r', %(id)s, '', 200, '', %(at)s"""
    ),
}


def an_id_of(moment: datetime, number: int) -> str:
    """A UUIDv7 made at that moment."""
    whole = (int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number
    digits = f"{whole:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def fill(database: Database, table: str, age: timedelta, count: int) -> None:
    moment = clock.real_now() - age
    with database.transaction() as tx:
        for number in range(count):
            tx.execute(FILL[table], {"id": an_id_of(moment, number), "at": moment})


def rows_in(database: Database, table: str) -> int:
    with database.transaction() as tx:
        row = tx.one(f"SELECT count(*) FROM {table}")
        assert row is not None
        return int(row[0])


def job_for(database: Database, table: str) -> Job:
    return next(job for job in housekeeping.jobs(database) if job.name == f"empty_{table}")


@pytest.mark.parametrize("table", FILL)
def test_what_is_old_goes_and_what_is_young_stays(database: Database, table: str) -> None:
    fill(database, table, OLD, 7)
    fill(database, table, YOUNG, 5)

    assert job_for(database, table).run() is False

    assert rows_in(database, table) == 5


@pytest.mark.parametrize("table", FILL)
def test_a_lot_goes_in_bites_and_each_says_whether_more_waits(
    database: Database, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_BITE", 4)
    fill(database, table, OLD, 10)
    job = job_for(database, table)

    assert [job.run(), job.run(), job.run()] == [True, True, False]
    assert rows_in(database, table) == 0


@pytest.mark.parametrize("table", ["inbox", "outbox_sent"])
def test_an_old_event_that_came_or_went_only_today_is_remembered_from_today(database: Database, table: str) -> None:
    made = clock.real_now() - OLD
    with database.transaction() as tx:
        tx.execute(FILL[table], {"id": an_id_of(made, 1), "at": clock.real_now()})

    job_for(database, table).run()

    assert rows_in(database, table) == 1


def test_an_inbox_remembers_longer_than_any_topic_can_bring_an_event_again() -> None:
    assert max(topics.TOPIC_DAYS, topics.DEAD_LETTER_DAYS) < housekeeping.KEPT_DAYS
