"""A server that takes no writes is away for who writes, and no connection to it outlives the fail-over."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from shared.db.errors import AWAY
from shared.db.pool import Database
from tests.real_parts import Room
from tests.shared.db.standby import Pair


@pytest.fixture
def pair(room: Room, request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = Pair(room, request.node.name[-20:])
    database = Database(pair.url)
    with database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text)")
    database.close()
    yield pair
    pair.close()


def marks(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [row[0] for row in tx.all("SELECT mark FROM marks ORDER BY mark")]


def write(database: Database, mark: str) -> None:
    with database.transaction() as tx:
        tx.execute("INSERT INTO marks VALUES (%s)", (mark,))


def test_a_pool_that_fell_to_the_standby_finds_its_way_back_to_the_primary(pair: Pair) -> None:
    database = Database(pair.url)
    write(database, "before")
    pair.stop_primary()
    assert marks(database) == ["before"]
    with pytest.raises(AWAY):
        write(database, "meanwhile")
    fault = database.ping()
    assert fault is not None
    assert "takes no writes" in fault
    assert marks(database) == ["before"]

    pair.start_primary()

    write(database, "after")
    assert marks(database) == ["after", "before"]
    assert database.ping() is None


def test_a_pool_that_fell_to_the_standby_writes_there_once_it_is_promoted(pair: Pair) -> None:
    database = Database(pair.url)
    pair.stop_primary()
    with pytest.raises(AWAY):
        write(database, "meanwhile")

    pair.promote()

    write(database, "after")
    assert marks(database) == ["after"]
    assert database.ping() is None


def test_with_target_session_attrs_nobody_is_sent_to_a_server_that_takes_no_writes(pair: Pair) -> None:
    database = Database(f"{pair.url}?target_session_attrs=read-write")
    pair.stop_primary()
    with pytest.raises(psycopg2.OperationalError):
        marks(database)
    fault = database.ping()
    assert fault is not None

    pair.promote()

    write(database, "after")
    assert database.ping() is None


def test_a_connection_that_refused_a_write_is_not_lent_again(platform_url: str) -> None:
    """Here the transaction alone takes no writes: all that shows is the refusal, as behind some poolers."""
    database = Database(platform_url, size=1)
    with pytest.raises(AWAY), database.transaction() as tx:
        refusing = tx.one("SELECT pg_backend_pid()")
        tx.execute("SET TRANSACTION READ ONLY")
        tx.execute("CREATE TABLE marks (mark text)")

    with database.transaction() as tx:
        assert tx.one("SELECT pg_backend_pid()") != refusing
    database.close()
