"""Migrations: applied once and in order, by however many runners, with nothing stuck when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from shared.db.errors import BrokenMigration
from shared.db.migrate import migrate
from tests.real_parts import Postgres
from tests.shared.platform_database import empty_database


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    with empty_database(postgres) as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_visits.sql").write_text("-- Visits are counted.\nCREATE TABLE visits (n integer);\n")
    (tmp_path / "0002_first_visit.sql").write_text("-- Somebody was here.\nINSERT INTO visits VALUES (1);\n")
    return tmp_path


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_the_platform_comes_first_then_the_service_each_once(url: str, folder: Path) -> None:
    applied = migrate(url, [folder])

    assert applied[0] == "shared/0001_platform.sql"
    assert applied[-2:] == ["service/0001_visits.sql", "service/0002_first_visit.sql"]
    assert migrate(url, [folder]) == []
    assert ask(url, "SELECT n FROM visits") == [(1,)]


def test_many_runners_at_once_do_the_work_once(url: str, folder: Path) -> None:
    with ThreadPoolExecutor(6) as crowd:
        applied = list(crowd.map(lambda _: migrate(url, [folder]), range(6)))

    names = [name for each in applied for name in each]
    assert len(names) == len(set(names))
    assert ask(url, "SELECT n FROM visits") == [(1,)]


def test_a_migration_that_fails_leaves_nothing_of_itself_and_keeps_those_before(url: str, folder: Path) -> None:
    third = folder / "0003_more.sql"
    third.write_text("-- More.\nINSERT INTO visits VALUES (2);\nSELECT 1/0;\n")
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(url, [folder])
    assert ask(url, "SELECT n FROM visits") == [(1,)]

    third.write_text("-- More.\nINSERT INTO visits VALUES (2);\n")
    assert migrate(url, [folder]) == ["service/0003_more.sql"]


def test_a_migration_changed_after_it_was_applied_is_named(url: str, folder: Path) -> None:
    migrate(url, [folder])
    (folder / "0001_visits.sql").write_text("-- Visits are counted.\nCREATE TABLE visits (n bigint);\n")

    with pytest.raises(BrokenMigration, match=r"0001_visits\.sql cannot be applied: it was changed"):
        migrate(url, [folder])


def test_a_migration_that_comes_late_is_named(url: str, folder: Path) -> None:
    (folder / "0001_visits.sql").rename(folder / "0005_visits.sql")
    (folder / "0002_first_visit.sql").unlink()
    migrate(url, [folder])
    (folder / "0004_late.sql").write_text("-- Late.\nSELECT 1;\n")

    with pytest.raises(BrokenMigration, match="higher number"):
        migrate(url, [folder])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("0001_again.sql", "-- Again.\nSELECT 1;\n", "number is"),
        ("third.sql", "-- Why.\nSELECT 1;\n", "its name is not like"),
        ("0003_no_reason.sql", "SELECT 1;\n", "says why"),
    ],
)
def test_a_file_that_breaks_the_rules_stops_it_before_anything_is_done(
    url: str, folder: Path, name: str, text: str, says: str
) -> None:
    (folder / name).write_text(text)

    with pytest.raises(BrokenMigration, match=says):
        migrate(url, [folder])

    assert ask(url, "SELECT to_regclass('schema_migrations')") == [(None,)]


def test_a_runner_killed_in_the_middle_leaves_no_lock_and_no_half(url: str, folder: Path) -> None:
    slow = "-- Slow.\nINSERT INTO visits VALUES (3);\nSELECT pg_advisory_xact_lock(3);\n"
    (folder / "0003_slow.sql").write_text(slow)
    code = f"from pathlib import Path; from shared.db.migrate import migrate; migrate({url!r}, [Path({str(folder)!r})])"
    with closing(psycopg2.connect(url)) as holder:
        holder.cursor().execute("SELECT pg_advisory_lock(3)")
        runner = subprocess.Popen([sys.executable, "-c", code])
        deadline = time.monotonic() + 60
        while not ask(url, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 3 AND NOT granted"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait(30)

    assert migrate(url, [folder]) == ["service/0003_slow.sql"]
    assert ask(url, "SELECT n FROM visits ORDER BY n") == [(1,), (3,)]
