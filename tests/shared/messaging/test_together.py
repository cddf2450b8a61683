"""Events that a handler takes several at a time: the same guarantees as one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import psycopg2
import pytest

from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging.failures import Poison
from shared.messaging.subscription import Together
from shared.process import logs, traces
from tests.shared.messaging.builders import SERVICE, Desk, a_change, count_effect, until

_SEND_AGAIN = """
INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)
SELECT event_id, %s, %s, 'known', clock_timestamp(), %s FROM outbox_sent"""


class TakesSeveral:
    """A handler of several events at once, with a visible effect; refuses all of them where ``bad`` is among them."""

    def __init__(self, bad: str = "", error: Exception | None = None) -> None:
        self._bad = bad
        self._error = error
        self.calls: list[list[str]] = []

    def __call__(self, tx: Tx, envelopes: Sequence[Envelope[PayoutChanged]]) -> None:
        subjects = [envelope.subject for envelope in envelopes]
        self.calls.append(subjects)
        for envelope in envelopes:
            count_effect(tx, envelope)
        if self._error is not None and self._bad in subjects:
            raise self._error

    def mend(self) -> None:
        self._error = None


def publish_all(desk: Desk, subjects: Sequence[str]) -> None:
    """Onto the topic before anybody reads, so that they are polled together."""
    desk.publish(*[a_change(subject) for subject in subjects])
    relay = desk.relay()
    until(lambda: desk.waiting() == 0)
    relay.stop()


def test_events_that_wait_are_taken_in_few_calls_and_each_has_its_effect_once(desk: Desk) -> None:
    handler = TakesSeveral()
    claims = [f"claim-{number}" for number in range(60)]
    publish_all(desk, claims)

    desk.consumer(desk.subscription({PayoutChanged: Together(handler)}))

    until(lambda: len(desk.effects()) == 60)
    assert sorted(desk.effects()) == sorted(claims)
    assert max(len(call) for call in handler.calls) > 1


def test_each_of_several_is_told_in_the_log_with_its_own_trace(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    began = {}
    for subject in ("one", "two"):
        with traces.span("request"):
            began[subject] = traces.trace_id()
            publish_all(desk, [subject])
    logs.configure(SERVICE, "worker")
    desk.consumer(desk.subscription({PayoutChanged: Together(TakesSeveral())}))
    until(lambda: len(desk.effects()) == 2)
    lines = (json.loads(line) for line in capfd.readouterr().err.splitlines() if "event_handled" in line)
    assert {line["subject"]: line["trace_id"] for line in lines} == began


def test_events_of_one_subject_come_to_it_in_their_order(desk: Desk) -> None:

    desk.publish(*[a_change("one", version=version) for version in range(1, 31)])
    desk.relay()
    until(lambda: desk.waiting() == 0)

    desk.consumer(desk.subscription({PayoutChanged: Together(TakesSeveral())}))

    until(lambda: len(desk.effects()) == 30)
    with desk.database.transaction() as tx:
        versions = [row[0] for row in tx.all("SELECT version FROM effects ORDER BY number")]
    assert versions == list(range(1, 31))


def test_poison_in_the_middle_of_several_is_set_aside_and_the_others_have_their_effect_once(desk: Desk) -> None:
    handler = TakesSeveral("bad", Poison("it holds a column too few"))
    claims = [f"claim-{number}" for number in range(40)]
    publish_all(desk, [*claims[:20], "bad", *claims[20:]])

    desk.consumer(desk.subscription({PayoutChanged: Together(handler)}))

    until(lambda: len(desk.letters()) == 1)
    until(lambda: sorted(desk.effects()) == sorted(claims))
    assert any(len(call) > 1 and "bad" in call for call in handler.calls), "it never stood among others"
    assert ["bad"] in handler.calls


def test_a_passing_fault_in_the_middle_of_several_loses_and_repeats_nothing(desk: Desk) -> None:
    handler = TakesSeveral("waits", psycopg2.OperationalError("the server closed the connection"))
    claims = [f"claim-{number}" for number in range(20)]
    publish_all(desk, [*claims, "waits"])
    desk.consumer(desk.subscription({PayoutChanged: Together(handler)}))
    until(lambda: len(handler.calls) > 2)

    handler.mend()

    until(lambda: sorted(desk.effects()) == sorted([*claims, "waits"]))
    assert desk.letters() == []


def test_an_event_that_comes_again_among_new_ones_is_not_handed_over_again(desk: Desk) -> None:
    first = TakesSeveral()
    publish_all(desk, ["known"])
    taking = desk.consumer(desk.subscription({PayoutChanged: Together(first)}))
    until(lambda: desk.effects() == ["known"])
    taking.stop()
    with desk.database.transaction() as tx:
        # As if its relay had been killed before it removed the event: sent again under its id.
        body = msgspec.json.encode(a_change("known")).decode()
        tx.execute(_SEND_AGAIN, (PayoutChanged.TYPE, PayoutChanged.TOPIC, body))
        tx.execute("DELETE FROM outbox_sent")
    again = TakesSeveral()
    publish_all(desk, ["new"])

    desk.consumer(desk.subscription({PayoutChanged: Together(again)}))

    until(lambda: sorted(desk.effects()) == ["known", "new"])
    assert again.calls == [["new"]]
