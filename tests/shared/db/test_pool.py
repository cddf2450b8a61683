"""The pool: bounded, patient for a while, never handing out a dead connection, alive after the server's restart."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from shared.db.errors import NoConnectionFree
from shared.db.pool import Database
from tests.real_parts import Postgres


def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text)")
        tx.execute("INSERT INTO marks VALUES (%s)", ("made",))

    with database.transaction() as tx:
        assert tx.one("SELECT mark FROM marks") == ("made",)


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text)")
        raise KeyError("any")

    with database.transaction() as tx:
        assert tx.one("SELECT to_regclass('marks')") == (None,)


def test_an_sql_error_leaves_the_connection_fit_for_the_next(platform_url: str) -> None:
    database = Database(platform_url, size=1)
    with pytest.raises(psycopg2.errors.DivisionByZero), database.transaction() as tx:
        tx.one("SELECT 1/0")

    with database.transaction() as tx:
        assert tx.one("SELECT 1") == (1,)
    database.close()


def test_values_come_back_as_text_bytes_and_times_in_utc(database: Database) -> None:
    number = str(uuid.uuid4())
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    with database.transaction() as tx:
        row = tx.one("SELECT %s::uuid, %s::uuid[], %s::bytea, %s::timestamptz", (number, [number], b"\x00\xff", moment))

    assert row == (number, [number], b"\x00\xff", moment)
    assert row is not None
    assert row[3].utcoffset() == timedelta(0)


def test_values_come_back_the_same_however_the_server_is_set(platform_url: str) -> None:
    """psycopg2 2.9.13 reads PostgreSQL 18.6's text: one day in the style sql_standard, `1 0:00:00`, as ten hours."""
    owner = Database(platform_url, size=1)
    with owner.transaction() as tx:
        for setting in ("IntervalStyle TO sql_standard", "extra_float_digits TO 0", "bytea_output TO escape"):
            tx.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {tx.the('SELECT current_database()')[0]} SET {setting}")
    owner.close()

    database = Database(platform_url, size=1)
    with database.transaction() as tx:
        row = tx.one("SELECT %s::interval, %s::float8, %s::bytea", (timedelta(days=1), 0.1 + 0.2, b"\\\x00\xff"))
    database.close()

    assert row == (timedelta(days=1), 0.1 + 0.2, b"\\\x00\xff")


def test_when_all_are_lent_the_next_waits_a_bounded_time_and_is_told_so(platform_url: str) -> None:
    database = Database(platform_url, size=1, wait_seconds=0.2)

    with database.transaction(), pytest.raises(NoConnectionFree) as refused, database.transaction():
        pass

    assert (refused.value.size, refused.value.wait_seconds) == (1, 0.2)
    database.close()


def test_who_waits_gets_the_connection_that_comes_back(platform_url: str) -> None:
    database = Database(platform_url, size=1, wait_seconds=20)
    lent = threading.Event()

    def hold() -> None:
        with database.transaction():
            lent.set()
            time.sleep(0.2)

    holder = threading.Thread(target=hold)
    holder.start()
    assert lent.wait(60)
    with database.transaction() as tx:
        assert tx.one("SELECT 1") == (1,)
    holder.join()
    database.close()


def test_many_threads_never_have_more_connections_than_the_pool_has(platform_url: str) -> None:
    database = Database(platform_url, size=3, wait_seconds=30, application_name="crowd")

    def backend(_: int) -> int:
        with database.transaction() as tx:
            row = tx.one("SELECT pg_backend_pid()")
            assert row is not None
            return int(row[0])

    with ThreadPoolExecutor(16) as crowd:
        backends = set(crowd.map(backend, range(400)))

    assert len(backends) <= 3
    database.close()


def test_a_connection_that_the_server_closed_is_not_handed_out(database: Database, postgres: Postgres) -> None:
    with database.transaction() as tx:
        row = tx.one("SELECT pg_backend_pid()")
        assert row is not None

    postgres.run(f"SELECT pg_terminate_backend({row[0]}, 60000)")

    with database.transaction() as tx:
        assert tx.one("SELECT pg_backend_pid()") != row


def test_a_connection_lost_in_the_middle_is_forgotten_and_the_error_told(platform_url: str, postgres: Postgres) -> None:
    database = Database(platform_url, size=1)
    with pytest.raises(psycopg2.OperationalError), database.transaction() as tx:
        row = tx.one("SELECT pg_backend_pid()")
        assert row is not None
        postgres.run(f"SELECT pg_terminate_backend({row[0]}, 60000)")
        tx.one("SELECT 1")

    with database.transaction() as tx:
        assert tx.one("SELECT 1") == (1,)
    database.close()


def test_a_server_that_cannot_be_reached_costs_no_place_in_the_pool() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", size=1, wait_seconds=0.1)

    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError), database.transaction():
            pass

    fault = database.ping()
    assert fault is not None
    assert "PostgreSQL cannot be reached" in fault


def test_a_healthy_database_pings(database: Database) -> None:
    assert database.ping() is None


def test_a_notice_is_sent_when_the_transaction_committed_and_only_then(database: Database, platform_url: str) -> None:
    listener = psycopg2.connect(platform_url)
    listener.autocommit = True
    with listener.cursor() as cursor:
        cursor.execute("LISTEN tidings")
    with pytest.raises(KeyError), database.transaction() as tx:
        tx.notify("tidings")
        raise KeyError("any")
    with database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text)")
        tx.notify("tidings")
        tx.notify("tidings")

    deadline = time.monotonic() + 20
    while not listener.notifies and time.monotonic() < deadline:
        listener.poll()
    assert [notice.channel for notice in listener.notifies] == ["tidings"]
    listener.close()


def test_after_a_notice_the_connection_is_in_order_for_the_next(platform_url: str) -> None:
    database = Database(platform_url, size=1)
    with database.transaction() as tx:
        tx.notify("tidings")

    with pytest.raises(KeyError), database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text)")
        raise KeyError("any")

    with database.transaction() as tx:
        assert tx.one("SELECT to_regclass('marks')") == (None,)
    connection = database.lend()
    assert connection.get_transaction_status() == TRANSACTION_STATUS_IDLE
    database.take_back(connection)
    database.close()


def test_rows_go_in_by_pages_and_their_returned_columns_come_back(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute("CREATE TABLE numbers (n integer)")
        back = tx.insert_many("INSERT INTO numbers VALUES %s RETURNING n", [(n,) for n in range(2500)])
        assert tx.insert_many("INSERT INTO numbers VALUES %s", []) == []

    assert [row[0] for row in back] == list(range(2500))


FORKS = """
import os, sys
from shared.db.pool import Database
database = Database(sys.argv[1], size=1)
def backend():
    with database.transaction() as tx:
        return tx.one("SELECT pg_backend_pid()")[0]
before = backend()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, str(backend()).encode())
    os._exit(0)
os.close(writer)
os.wait()
print(before, os.read(reader, 100).decode(), backend())
"""


def test_a_forked_child_opens_its_own_connections_and_leaves_its_parents_alone(platform_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, platform_url], capture_output=True, text=True, check=True, timeout=100
    )

    before, child, after = done.stdout.split()
    assert before == after != child
