"""What a consumer does when an event cannot take its effect: try again, set aside or crash; never pass over it."""

from __future__ import annotations

import threading
import time

import msgspec
import psycopg2
import pytest

from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging import consumer as consumer_module
from shared.messaging import dead_letters, outbox, verify
from shared.messaging.failures import Poison, Unready
from tests.real_parts import Postgres
from tests.shared.messaging.builders import NOW, SERVICE, Desk, a_change, count_effect, until


class Fails:
    """A handler that raises for one subject until it is mended, and has its effect on the others."""

    def __init__(self, subject: str, error: Exception) -> None:
        self._subject = subject
        self._error = error
        self.times = 0
        self.mended = threading.Event()

    def __call__(self, tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
        count_effect(tx, envelope)
        if envelope.subject == self._subject and not self.mended.is_set():
            self.times += 1
            raise self._error


def test_a_passing_fault_is_tried_again_until_it_passes_and_nothing_is_skipped(desk: Desk) -> None:
    handler = Fails("in-the-middle", psycopg2.OperationalError("the server closed the connection"))
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: handler}))
    claims = [f"claim-{number}" for number in range(40)]
    desk.publish(*[a_change(claim) for claim in [*claims[:20], "in-the-middle", *claims[20:]]])

    until(lambda: handler.times > 3)
    assert "in-the-middle" not in desk.effects()
    handler.mended.set()

    until(lambda: len(desk.effects()) == 41)
    assert len(set(desk.effects())) == 41
    assert desk.letters() == []


def test_while_postgresql_takes_no_writes_relay_and_consumer_wait_and_nothing_is_lost_or_set_aside(
    desk: Desk, postgres: Postgres
) -> None:
    name = desk.url.rpartition("/")[2]
    runs = [desk.relay()]
    desk.publish(a_change("on its topic"))
    until(lambda: desk.waiting() == 0)
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgres.end_sessions(name)
    runs.append(desk.consumer())
    with desk.database.transaction() as tx:
        tx.execute("SET TRANSACTION READ WRITE")
        outbox.add(tx, a_change("in the outbox"), subject="in the outbox", now=NOW)
    time.sleep(1.0)  # both fail some times
    assert [each.error for each in runs] == [None, None]
    assert desk.effects() == []

    postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    until(lambda: len(desk.effects()) == 2)
    assert sorted(desk.effects()) == ["in the outbox", "on its topic"]
    assert desk.letters() == []


def test_a_partition_that_waited_with_events_in_hand_is_read_on(desk: Desk) -> None:
    """kafka-python 3.0.12 never takes up what it holds of a paused partition while others go on; so we do not pause."""
    handler = Fails("waits", Unready("its policy has not arrived"))
    desk.publish(a_change("waits"), *[a_change("waits", version=version) for version in range(2, 61)])
    desk.relay()
    until(lambda: desk.waiting() == 0)
    desk.consumer(desk.subscription({PayoutChanged: handler}, batch=20))
    until(lambda: handler.times > 1)

    others = [f"other-{number}" for number in range(30)]
    for number, other in enumerate(others, start=1):
        desk.publish(a_change(other))
        # Some stand behind the one that waits, in its partition; most have another.
        until(lambda least=number // 3: len(desk.effects()) >= least)  # type: ignore[misc]
    handler.mended.set()

    until(lambda: desk.effects().count("waits") == 60)
    until(lambda: set(desk.effects()) == {"waits", *others})


def test_poison_is_set_aside_with_its_error_and_holds_up_nobody(desk: Desk) -> None:
    handler = Fails("bad", Poison("the payout is of an unknown kind"))
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: handler}))
    desk.publish(a_change("before"), a_change("bad"), a_change("after"))

    until(lambda: sorted(desk.effects()) == ["after", "before"])
    until(lambda: len(desk.letters()) == 1)

    (letter,) = desk.letters()
    assert letter.error == "The event cannot be taken: the payout is of an unknown kind."
    assert (letter.error_type, letter.group, letter.taken) == ("Poison", desk.group, False)
    assert desk.effects().count("bad") == 0
    assert verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription()) == []


@pytest.mark.parametrize("wrong", ["SELECT 'no-id'::uuid", "SELECT (2::bigint ^ 40)::bigint::integer"])
def test_an_event_whose_values_no_column_holds_is_set_aside_and_holds_up_nobody(desk: Desk, wrong: str) -> None:
    def stores(tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
        count_effect(tx, envelope)
        if envelope.subject == "bad":
            tx.execute(wrong)

    desk.relay()
    consumer = desk.consumer(desk.subscription({PayoutChanged: stores}))
    desk.publish(a_change("before"), a_change("bad"), a_change("after"))

    until(lambda: sorted(desk.effects()) == ["after", "before"])
    until(lambda: len(desk.letters()) == 1)

    (letter,) = desk.letters()
    assert letter.error == "The event cannot be taken: one of its values has not the form that it should have."
    assert consumer.error is None


def test_a_dead_letter_that_is_sent_again_has_its_effect_once_the_fault_is_mended(desk: Desk) -> None:
    handler = Fails("bad", Poison("not now"))
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: handler}))
    desk.publish(a_change("bad"), a_change("good"))
    until(lambda: len(desk.letters()) == 1)
    handler.mended.set()

    assert dead_letters.replay(desk.link, desk.letters()) == 1

    until(lambda: sorted(desk.effects()) == ["bad", "good"])
    until(lambda: [letter.taken for letter in desk.letters()] == [True])
    assert dead_letters.replay(desk.link, desk.letters()) == 0


def test_poison_that_is_sent_again_unmended_is_one_waiting_event_not_two(desk: Desk) -> None:
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: Fails("bad", Poison("never"))}))
    desk.publish(a_change("bad"))
    until(lambda: len(desk.letters()) == 1)

    dead_letters.replay(desk.link, desk.letters())
    until(lambda: len(desk.letters()) == 2)

    assert len({letter.event_id for letter in desk.letters()}) == 1
    assert dead_letters.replay(desk.link, desk.letters()) == 1


@pytest.mark.parametrize(
    ("value", "headers", "says"),
    [
        (b"{}", {}, "the header ce_type is missing"),
        (b"not json", {}, "the header ce_type is missing"),
        (b"not json", {"ce_type": PayoutChanged.TYPE, "ce_id": "5d3a4c1e-0000-7000-8000-000000000001"}, "ce_time"),
        (b"{}", {"ce_type": PayoutChanged.TYPE, "ce_id": "17", "ce_time": NOW.isoformat()}, "its id is no UUID"),
        (
            b'{"payout_id": 5}',
            {
                "ce_type": PayoutChanged.TYPE,
                "ce_id": "5d3a4c1e-0000-7000-8000-000000000002",
                "ce_time": NOW.isoformat(),
            },
            "$.payout_id",
        ),
        (
            msgspec.json.encode(msgspec.structs.replace(a_change(), partner_id="a\0b")),
            {
                "ce_type": PayoutChanged.TYPE,
                "ce_id": "5d3a4c1e-0000-7000-8000-000000000004",
                "ce_time": NOW.isoformat(),
                "ce_source": "test",
                "ce_subject": "x",
            },
            "the character NUL",
        ),
    ],
)
def test_a_message_that_is_no_event_of_ours_is_set_aside(
    desk: Desk, value: bytes, headers: dict[str, str], says: str
) -> None:
    desk.send_raw(value, headers)
    desk.relay()
    desk.consumer()
    desk.publish(a_change("good"))

    until(lambda: desk.effects() == ["good"])
    until(lambda: len(desk.letters()) == 1)

    assert says in desk.letters()[0].error
    assert verify.without_effect(desk.link, desk.database, SERVICE, desk.subscription()) == []


@pytest.mark.parametrize("version", [2**31, 2**63, 10**30])
def test_a_value_that_no_column_holds_is_set_aside_and_holds_up_nobody(desk: Desk, version: int) -> None:
    desk.relay()
    desk.consumer()
    desk.publish(a_change("too much", version=version), a_change("after"))

    until(lambda: desk.effects() == ["after"])

    assert ["has not the form" in letter.error for letter in desk.letters()] == [True]


def test_an_event_type_that_a_newer_release_publishes_is_passed_over(desk: Desk) -> None:
    desk.send_raw(b"{}", {"ce_type": "payouts.forgiven", "ce_id": "5d3a4c1e-0000-7000-8000-000000000003"})
    desk.relay()
    desk.consumer()
    desk.publish(a_change("known"))

    until(lambda: desk.effects() == ["known"])
    assert desk.letters() == []


def test_an_event_that_comes_before_what_it_builds_on_waits_for_it_while_others_go_on(desk: Desk) -> None:
    handler = Fails("early", Unready("the claim is not here yet"))
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: handler}))
    others = [f"claim-{number}" for number in range(60)]
    desk.publish(a_change("early"))
    until(lambda: handler.times > 0)
    desk.publish(*[a_change(claim) for claim in others])

    # Its own partition waits behind it; the other three go on.
    until(lambda: len(desk.effects()) > 20)
    assert "early" not in desk.effects()
    handler.mended.set()

    until(lambda: len(desk.effects()) == 61)
    assert desk.letters() == []


def test_an_event_whose_fact_never_comes_ends_among_the_dead_letters(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "UNREADY_SECONDS", 0.5)
    desk.relay()
    desk.consumer(desk.subscription({PayoutChanged: Fails("early", Unready("the claim is not here yet"))}))
    desk.publish(a_change("early"), a_change("good"))

    until(lambda: [letter.error_type for letter in desk.letters()] == ["Unready"])
    until(lambda: desk.effects() == ["good"])


def test_a_bug_ends_the_consumer_keeps_the_effects_before_it_and_loses_nothing(desk: Desk) -> None:
    handler = Fails("bug", KeyError("a column that is not there"))
    desk.relay()
    desk.publish(*[a_change(claim) for claim in ("one", "two", "bug", "three")])
    until(lambda: desk.waiting() == 0)

    crashed = desk.consumer(desk.subscription({PayoutChanged: handler}))
    crashed.join()
    assert isinstance(crashed.error, KeyError)
    assert "bug" not in desk.effects()

    handler.mended.set()
    desk.consumer(desk.subscription({PayoutChanged: handler}))
    until(lambda: sorted(desk.effects()) == ["bug", "one", "three", "two"])


def test_an_error_never_tells_the_value_that_was_wrong(desk: Desk) -> None:
    desk.send_raw(
        b'{"payout_id": {"name": "Zhang Xiaoming"}}',
        {
            "ce_type": PayoutChanged.TYPE,
            "ce_id": "5d3a4c1e-0000-7000-8000-000000000004",
            "ce_time": NOW.isoformat(),
            "ce_source": "x",
            "ce_subject": "x",
        },
    )
    desk.consumer()

    until(lambda: len(desk.letters()) == 1)

    assert "Zhang" not in desk.letters()[0].error
