"""The audit trail: only added to, and what was done to it behind its back shows."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg2
import pytest

from shared.db import audit
from shared.db.pool import Database
from shared.db.transaction import AskedBy

NOW = datetime(2026, 3, 1, 4, 0, 0, 123456, tzinfo=UTC)


def record(database: Database, subject: str, *, asked_by: AskedBy | None = None) -> None:
    with database.transaction() as tx:
        tx.asked_by = asked_by
        details: dict[str, str | int | None] = {"clause": "3.2", "amount_fen": 5, "why": None, "备注": "说明"}
        audit.record(tx, actor="reviewer-li", action="refused", subject=subject, details=details, now=NOW)


def broken(database: Database) -> list[str]:
    with database.transaction() as tx:
        return audit.broken_links(tx)


def tamper(database: Database, sql: str) -> None:
    """As somebody with the table owner's rights might."""
    with database.transaction() as tx:
        tx.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        tx.execute(sql)
        tx.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")


@pytest.fixture
def trail(database: Database) -> Database:
    for number in range(5):
        record(database, f"claim-{number}", asked_by=AskedBy("review-desk", "fangzha"))
    return database


def test_an_untouched_trail_is_whole(trail: Database) -> None:
    assert broken(trail) == []


def test_a_row_says_through_which_client_and_for_which_tenant_somebody_acted(database: Database) -> None:
    record(database, "claim-1", asked_by=AskedBy("review-desk", "fangzha"))
    record(database, "claim-2")
    with database.transaction() as tx:
        rows = tx.all("SELECT actor, client, tenant FROM audit_log ORDER BY number")
    assert rows == [("reviewer-li", "review-desk", "fangzha"), ("reviewer-li", "", "")]
    assert broken(database) == []


def test_rows_of_the_time_before_clients_were_told_keep_the_chain_whole(database: Database) -> None:
    link = hashlib.sha256(
        json.dumps([1, NOW.isoformat(), "li", "refused", "claim-0", "{}", "00" * 32], ensure_ascii=False).encode()
    ).digest()
    with database.transaction() as tx:
        tx.execute(
            "INSERT INTO audit_log (number, at, actor, action, subject, details, previous_hash, hash)"
            " VALUES (1, %s, 'li', 'refused', 'claim-0', '{}', decode(repeat('00', 32), 'hex'), %s)",
            (NOW, link),
        )
        tx.execute("UPDATE audit_head SET number = 1, hash = %s", (link,))
    record(database, "claim-1", asked_by=AskedBy("review-desk", "fangzha"))
    assert broken(database) == []


def test_an_empty_trail_is_whole(database: Database) -> None:
    assert broken(database) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE audit_log SET actor = 'somebody' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit_log SET details = '{}' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit_log SET client = 'another' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit_log SET client = '', tenant = '' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit_log SET at = at + interval '1 us' WHERE number = 3", "row 3 was changed"),
        ("DELETE FROM audit_log WHERE number = 3", "row 4 follows row 2"),
        ("DELETE FROM audit_log WHERE number = 5", "ends at row 4, its head says 5"),
        ("DELETE FROM audit_log", "ends at row 0, its head says 5"),
        ("UPDATE audit_log SET hash = previous_hash WHERE number = 2", "row 2 was changed"),
    ],
)
def test_what_was_done_behind_its_back_shows(trail: Database, sql: str, says: str) -> None:
    tamper(trail, sql)

    assert any(says in fault for fault in broken(trail))


def test_the_trail_is_only_added_to(trail: Database) -> None:
    for sql in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(psycopg2.errors.RaiseException), trail.transaction() as tx:
            tx.execute(sql)


def test_many_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda number: record(database, f"claim-{number}"), range(40)))

    assert broken(database) == []
    with database.transaction() as tx:
        assert tx.one("SELECT count(*), max(number) FROM audit_log") == (40, 40)


def test_an_act_that_was_rolled_back_leaves_no_gap(trail: Database) -> None:
    with pytest.raises(KeyError), trail.transaction() as tx:
        audit.record(tx, actor="a", action="b", subject="c", details={}, now=NOW)
        raise KeyError("any")
    record(trail, "claim-5")

    assert broken(trail) == []
