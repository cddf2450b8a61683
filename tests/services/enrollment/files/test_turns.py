"""Which file and which part of it is next, and that what has come to an end stays as it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from services.enrollment.files.intake import lines
from services.enrollment.files.store import batches, failed_batches, picked_files
from services.enrollment.files.store.batches import Work
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import BatchId
from tests.services.enrollment.builders import NOW, PRODUCT, csv, load_all, row

WORKER: Final = new_id()


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a file of three rows has three parts."""
    monkeypatch.setattr(lines, "PART_ROWS", 1)


def received(
    database: Database, vault: Vault, rows: range = range(3), *, tenant: str = "telecom-east", now: datetime = NOW
) -> BatchId:
    with database.transaction() as tx:
        file = [csv([row(n) for n in rows])]
        sent = Declared(None, None)
        return receive_batch(tx, file, PRODUCT, sent, tenant=tenant, actor="test", vault=vault, now=now).batch_id


def taken(database: Database) -> Work:
    """What a worker takes whose connection is then lost, so that it no longer has it."""
    with database.transaction() as tx:
        work = batches.take_next(tx, WORKER, {})
    assert work is not None
    return work


def done(tx: Tx, work: Work) -> str | None:
    return batches.part_done(tx, work, WORKER, accepted=work.rows, rejected=0, seconds=1, now=NOW)


def standing(database: Database, batch_id: BatchId) -> tuple[object, ...]:
    with database.transaction() as tx:
        return tx.the("SELECT state, rows_read, accepted, failure FROM batches WHERE batch_id = %s", (batch_id,))


def test_the_file_that_came_first_is_worked_off_first(database: Database, vault: Vault) -> None:
    received(database, vault, range(3), now=NOW + timedelta(minutes=1))
    first = received(database, vault, range(3, 6), tenant="telecom-west")
    assert taken(database).batch_id == first


def test_a_part_that_was_tried_in_vain_still_comes_before_the_parts_after_it(database: Database, vault: Vault) -> None:
    received(database, vault)
    with database.transaction() as tx:
        assert batches.count_try(tx, taken(database)) == 1
    assert taken(database).part_no == 0


def test_a_part_that_another_worker_did_meanwhile_counts_once(database: Database, vault: Vault) -> None:
    batch_id = received(database, vault)
    work = taken(database)
    with database.transaction() as tx:
        assert done(tx, work) == "processing"
    with database.transaction() as tx:
        assert done(tx, work) is None
        assert batches.count_try(tx, work) == 0
    assert standing(database, batch_id) == ("processing", 1, 1, None)


def test_a_part_of_a_file_that_failed_meanwhile_does_not_revive_it(database: Database, vault: Vault) -> None:
    batch_id = received(database, vault)
    work = taken(database)
    with database.transaction() as tx:
        batches.fail(tx, batch_id, "a part cannot be opened", now=NOW)
    with database.transaction() as tx:
        assert done(tx, work) is None
    assert standing(database, batch_id) == ("failed", 0, 0, "a part cannot be opened")


def test_a_file_that_is_done_does_not_fail_any_more(database: Database, vault: Vault) -> None:
    batch_id = received(database, vault)
    load_all(database, vault)
    with database.transaction() as tx:
        batches.fail(tx, batch_id, "too late", now=NOW)
    assert standing(database, batch_id) == ("finished", 3, 3, None)


def test_what_waits_of_a_file_is_kept_however_long_it_waits(database: Database, vault: Vault) -> None:
    received(database, vault)
    with database.transaction() as tx:
        assert failed_batches.forget_parts(tx, NOW + timedelta(days=400), most=10) == 0


def refused(database: Database, *names: str) -> None:
    """Files in a partner's folder that were refused one after the other, beside which nothing is written yet."""
    with database.transaction() as tx:
        for name in names:
            picked_files.add(tx, 1, "inbox", name, "1", refusal={"code": "empty"}, now=NOW)


def test_the_file_that_was_refused_first_is_answered_first_and_by_one_worker(database: Database) -> None:
    refused(database, "b.csv", "a.csv")
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '5s'")
        taken = [picked_files.next_unanswered(each, 1, "inbox", NOW) for each in (tx, other)]
    assert [each and each.name for each in taken] == ["b.csv", "a.csv"]


def test_a_file_that_could_not_be_answered_is_answered_later(database: Database) -> None:
    refused(database, "a.csv")
    later = NOW + timedelta(minutes=5)
    with database.transaction() as tx:
        found = picked_files.next_unanswered(tx, 1, "inbox", NOW)
        assert found is not None
        picked_files.answer_later(tx, found.file_no, later)
        assert picked_files.next_unanswered(tx, 1, "inbox", NOW) is None
        assert picked_files.next_unanswered(tx, 1, "inbox", later) == found


def test_of_what_is_left_to_do_the_oldest_is_no_file_that_is_done(database: Database, vault: Vault) -> None:
    received(database, vault)
    load_all(database, vault)
    with database.transaction() as tx:
        assert batches.oldest_to_do(tx) is None
