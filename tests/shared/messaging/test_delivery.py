"""From a transaction's outbox to the effect in another service, once and not at all if it was rolled back."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import NamedTuple

import msgspec
import psycopg2
import pytest

from shared.events.payouts import PayoutChanged
from shared.messaging import outbox, relay, verify
from shared.messaging.outbox import EventTooLarge
from shared.messaging.relay import Relay
from shared.process import traces
from shared.process.new_ids import new_id
from shared.process.shutdown import Stopping
from tests.shared.messaging.builders import NOW, SERVICE, Desk, a_change, until


def test_what_a_transaction_publishes_has_its_effect_once_in_its_order(desk: Desk) -> None:
    claims = [a_change() for _ in range(300)]
    desk.relay()
    desk.consumer()

    desk.publish(*claims)

    until(lambda: len(desk.effects()) == len(claims))
    until(lambda: desk.waiting() == 0)
    assert sorted(desk.effects()) == sorted(claim.claim_id for claim in claims)


def test_nothing_leaves_a_transaction_that_was_rolled_back(desk: Desk) -> None:
    with suppress(ZeroDivisionError), desk.database.transaction() as tx:
        outbox.add(tx, a_change(), subject="never", now=NOW)
        _ = 1 / 0
    desk.relay()
    desk.consumer()

    desk.publish(a_change("after"))

    until(lambda: desk.effects() == ["after"])


def versions(desk: Desk) -> list[int]:
    """The version of each effect, as often as it was had."""
    with desk.database.transaction() as tx:
        return [row[0] for row in tx.all("SELECT version FROM effects ORDER BY number")]


@pytest.mark.parametrize("had_its_effect", [False, True])
def test_the_same_event_twice_has_one_effect(desk: Desk, *, had_its_effect: bool) -> None:
    """Both in one batch, or the second long after the first had its effect."""
    relay = desk.relay()
    desk.publish(a_change("twice"))
    until(lambda: desk.waiting() == 0)
    relay.stop()
    if had_its_effect:
        desk.consumer()
        until(lambda: desk.effects() == ["twice"])
    with desk.database.transaction() as tx:
        # What a relay killed between the acknowledgement and the removal leaves behind.
        tx.execute(
            "INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)"
            " SELECT event_id, %s, topic, 'twice', %s, %s FROM outbox_sent",
            (PayoutChanged.TYPE, NOW, _body("twice")),
        )
    desk.relay()
    until(lambda: desk.waiting() == 0)

    desk.publish(a_change("twice", version=2))  # of the same subject, so it comes after both
    if not had_its_effect:
        desk.consumer()

    until(lambda: 2 in versions(desk))
    assert versions(desk) == [1, 2]


def test_events_of_one_subject_arrive_in_their_order(desk: Desk) -> None:
    desk.relay()
    desk.consumer()
    for version in range(1, 41):
        desk.publish(a_change("the-claim", version=version))

    until(lambda: len(desk.effects()) == 40)

    with desk.database.transaction() as tx:
        versions = [row[0] for row in tx.all("SELECT version FROM effects ORDER BY number")]
    assert versions == list(range(1, 41))


def test_of_many_events_that_wait_the_oldest_leave_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_BATCH_ROWS", 5)
    for version in range(1, 21):
        desk.publish(a_change("the-claim", version=version))
    desk.relay()
    desk.consumer()

    until(lambda: len(desk.effects()) == 20)

    assert versions(desk) == list(range(1, 21))


def test_an_event_whose_number_was_taken_long_before_it_was_committed_leaves_too(desk: Desk) -> None:
    with desk.database.transaction() as tx:
        # Not by outbox.add, which puts it off to the end of the transaction.
        tx.execute(
            "INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)"
            " VALUES (%s, %s, %s, 'late', %s, %s)",
            (new_id(), PayoutChanged.TYPE, PayoutChanged.TOPIC, NOW, _body("late")),
        )
        desk.relay()
        for start in (1, 2):
            desk.publish(*[a_change(f"{start}-{number}") for number in range(relay._NEAR)])
        until(lambda: desk.waiting() == 0)
    until(lambda: desk.waiting() == 0)


def index_entries_read(desk: Desk) -> int:
    with desk.database.transaction() as tx:
        row = tx.one("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_pkey'")
        assert row is not None
        return int(row[0])


def test_what_was_sent_is_not_stepped_over_again_while_an_old_snapshot_keeps_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a backup runs, PostgreSQL can clean nothing up that was removed since it began."""
    monkeypatch.setattr(relay, "_WHOLE_LOOK_SECONDS", 3600.0)
    sent, looks = 5 * relay._NEAR, 10
    ours = Relay(SERVICE, desk.link, desk.url, Stopping())
    with closing(psycopg2.connect(desk.url)) as backup, closing(psycopg2.connect(desk.url)) as connection:
        backup.set_session(isolation_level="REPEATABLE READ")
        backup.cursor().execute("SELECT count(*) FROM outbox")
        connection.autocommit = True
        desk.publish(*[a_change() for _ in range(sent)])
        while ours.publish(connection):
            connection.cursor().execute("SELECT pg_stat_force_next_flush()")
        before = index_entries_read(desk)
        for _ in range(looks):
            assert ours.publish(connection) == 0
        connection.cursor().execute("SELECT pg_stat_force_next_flush()")
        until(lambda: index_entries_read(desk) > before)
        assert index_entries_read(desk) - before <= (looks + 1) * (relay._NEAR + 1)


def test_the_trace_of_a_request_goes_on_where_its_event_is_handled(desk: Desk) -> None:
    seen: list[str] = []
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: lambda _tx, _envelope: seen.append(traces.trace_id())}))

    with traces.span("a request"):
        asked = traces.trace_id()
        desk.publish(a_change())

    until(lambda: seen == [asked])
    assert len(asked) == 32


def test_an_event_that_kafka_would_not_take_is_refused_where_it_is_written(desk: Desk) -> None:
    with pytest.raises(EventTooLarge), desk.database.transaction() as tx:
        outbox.add(tx, a_change("x" * outbox.LARGEST_BODY), subject="big", now=NOW)


def test_verification_finds_a_lost_event_and_a_lost_effect(desk: Desk) -> None:
    desk.relay()
    desk.consumer()
    desk.publish(*[a_change() for _ in range(20)])
    until(lambda: len(desk.effects()) == 20)
    until(lambda: desk.waiting() == 0)
    assert verify.unpublished(desk.link, desk.database) == []
    until(lambda: verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription()) == [])

    with desk.database.transaction() as tx:
        row = tx.one("SELECT event_id FROM inbox LIMIT 1")
        assert row is not None
        tx.execute("DELETE FROM inbox WHERE event_id = %s", row)
        tx.execute("UPDATE outbox_sent SET event_id = gen_random_uuid() WHERE event_id = %s", row)

    assert len(verify.unpublished(desk.link, desk.database)) == 1
    assert len(verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription())) == 1


def _body(subject: str) -> str:
    return msgspec.json.encode(a_change(subject)).decode()


def test_the_relay_reads_no_page_of_what_is_gone_where_vacuum_has_not_come(desk: Desk) -> None:
    """Where autovacuum is busy with large tables, the outbox is pages of rows that are gone, and to read them all looks
    cheap: free, to the planner of this database.
    """
    with closing(psycopg2.connect(desk.url)) as owner:
        owner.autocommit = True
        with owner.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {owner.info.dbname} SET seq_page_cost = 0")
    before = looks(desk)
    relay = desk.relay()
    desk.consumer()

    desk.publish(*(a_change() for _ in range(20)))

    until(lambda: len(desk.effects()) == 20)
    relay.stop()  # Its session tells what it read when it ends.
    until(lambda: looks(desk).by_index > before.by_index)
    assert looks(desk).through_all == before.through_all


class Looks(NamedTuple):
    """How often the outbox was read since it was made."""

    by_index: int
    through_all: int


def looks(desk: Desk) -> Looks:
    with desk.database.transaction() as tx:
        row = tx.one("SELECT coalesce(idx_scan, 0), seq_scan FROM pg_stat_user_tables WHERE relname = 'outbox'")
        assert row is not None
        return Looks(*row)
