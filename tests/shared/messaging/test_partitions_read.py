"""Who says that it reads which partitions, as other processes see it."""

from __future__ import annotations

from shared.db.pool import Database
from shared.messaging import partitions_read
from shared.messaging.messages import Partition
from shared.process.new_ids import new_id

GROUP = "tester.reader"
PLACE = Partition("claims", 0)


def members(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [reader.member for reader in partitions_read.readers(tx, GROUP)]


def says(database: Database, member: str) -> None:
    with database.transaction() as tx:
        partitions_read.note(tx, GROUP, member, {PLACE: new_id()})


def test_who_has_said_nothing_for_long_reads_no_more(database: Database) -> None:
    says(database, "killed")
    assert members(database) == ["killed"]
    with database.transaction() as tx:
        tx.execute("UPDATE partitions_read SET read_at = read_at - interval '1 hour'")
    assert members(database) == []


def test_who_leaves_after_another_took_over_leaves_that_one_there(database: Database) -> None:
    says(database, "first")
    says(database, "second")
    with database.transaction() as tx:
        partitions_read.leave(tx, GROUP, "first")
    assert members(database) == ["second"]
