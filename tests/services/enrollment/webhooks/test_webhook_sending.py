"""Facts told to partners' servers: with the fact or not at all, again and again, to nobody who should not hear them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import psycopg2
import pytest
from typing_extensions import override

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.webhooks.domain.webhook_facts import BatchFinished
from services.enrollment.webhooks.usecases.tell import tell, tell_claim
from services.enrollment.webhooks.wiring import PARTNERS
from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from shared.courier.standard_webhooks import TRIES, WAITS, Answer
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.webhooks.store import webhook_deliveries, webhook_queue
from shared.webhooks.usecases import send as send_webhooks
from shared.webhooks.usecases.send import LEASE, SLOTS, Sender, drop_old
from tests import clock
from tests.services.enrollment.builders import NOW, Partner, body, decided, faults
from tests.services.enrollment.conftest import KEYS, NewSender
from tests.services.enrollment.webhooks.receiver import Answers, Receiver, listening
from tests.services.enrollment.webhooks.webhooks import add, later, send

EAST = "SELECT partner_no FROM partners WHERE partner_id = 'telecom-east'"


@pytest.fixture(autouse=True)
def _the_senders_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """For it time passes by ``later`` alone, however slow the machine is; what the others ask for now is due."""
    now = clock.real_now() + timedelta(minutes=2)
    monkeypatch.setattr(send_webhooks, "wall_now", lambda: now)


def answers_once(happened: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """A server that takes the message, and says so when something else happened."""

    def act(request: BaseHTTPRequestHandler) -> None:
        happened.wait(10)
        request.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    return act


class PatientCourier(Courier):
    """Waits for a server that hangs for longer than a test takes."""

    @override
    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = 100) -> Answer:
        return super().post(url, headers, body, seconds=seconds)


def a_fact(number: int = 1) -> BatchFinished:
    return BatchFinished(
        batch_id=f"00000000-0000-7000-8000-{number:012d}",
        state="finished",
        kind="enrollment",
        product_code="resident-anti-fraud",
        dry_run=False,
        rows=3,
        accepted=2,
        rejected=1,
    )


def tell_east(database: Database, number: int = 1) -> int:
    with database.transaction() as tx:
        row = tx.one(EAST)
        assert row is not None
        return tell(tx, row[0], a_fact(number), now=NOW)


def rows(database: Database, columns: str = "state, attempts, tries") -> list[tuple[Any, ...]]:
    with database.transaction() as tx:
        return tx.all(f"SELECT {columns} FROM webhook_deliveries ORDER BY delivery_id")


def due(database: Database) -> int:
    with database.transaction() as tx:
        return webhook_queue.due(tx, clock.real_now())[0]


def endpoint(east: Partner) -> Any:
    (found,) = east.get("/v1/webhook-endpoints").json["items"]
    return found


def test_a_fact_is_told_signed_and_once(east: Partner, receiver: Receiver, sender: Sender, database: Database) -> None:
    secret = add(east, receiver)["secret"]
    assert tell_east(database) == 1
    send(sender)
    send(sender)
    (got,) = receiver.received
    assert got.verified(secret) == {
        "type": "batch.finished",
        "timestamp": "2026-03-01T04:00:00Z",
        "data": {
            "batch_id": "00000000-0000-7000-8000-000000000001",
            "state": "finished",
            "kind": "enrollment",
            "product_code": "resident-anti-fraud",
            "dry_run": False,
            "rows": 3,
            "accepted": 2,
            "rejected": 1,
        },
    }
    assert rows(database) == [("delivered", 1, 1)]


def test_a_fact_that_is_undone_is_not_told(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        row = tx.one(EAST)
        assert row is not None
        tell(tx, row[0], a_fact(), now=NOW)
        _ = 1 // 0
    send(sender)
    assert receiver.received == []


def test_only_who_asked_for_the_type_is_told(
    east: Partner, west: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(west, receiver)
    add(east, receiver, types=["policy.issued"])
    assert tell_east(database) == 0
    send(sender)
    assert receiver.received == []


def test_two_endpoints_of_a_partner_get_the_same_webhook_id(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    with listening() as other:
        add(east, receiver)
        add(east, other)
        assert tell_east(database) == 2
        send(sender)
        assert receiver.received[0].webhook_id == other.received[0].webhook_id


def test_a_failed_message_goes_again_by_the_schedule_until_it_is_given_up(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    receiver.otherwise = Answers(500)
    for number, wait in enumerate(WAITS, start=1):
        send(sender)
        assert len(receiver.received) == number
        assert rows(database) == [("pending", number, number)]
        later(database, wait * 0.95)
        send(sender)
        assert len(receiver.received) == number, "it went too early"
        later(database, wait * 0.2)
    send(sender)
    assert len(receiver.received) == TRIES
    assert rows(database) == [("failed", TRIES, TRIES)]
    assert len({got.webhook_id for got in receiver.received}) == 1
    assert len({got.body for got in receiver.received}) == 1


def test_a_message_that_failed_is_delivered_once_the_server_is_well(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    receiver.next = [Answers(502)]
    send(sender)
    assert endpoint(east)["failures"] == 1
    later(database, timedelta(seconds=6))
    send(sender)
    assert rows(database) == [("delivered", 2, 2)]
    assert endpoint(east)["failures"] == 0
    assert endpoint(east)["failing_since"] is None


def test_a_server_that_asks_for_patience_is_left_alone_for_that_long(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database, 1)
    receiver.next = [Answers(429, {"Retry-After": "600"})]
    send(sender)
    tell_east(database, 2)
    later(database, timedelta(seconds=590))
    send(sender)
    assert len(receiver.received) == 1
    later(database, timedelta(seconds=11))
    send(sender)
    assert [state for state, *_ in rows(database)] == ["delivered", "delivered"]


def test_a_server_that_says_gone_is_sent_nothing_more(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    made = add(east, receiver)
    path = f"/v1/webhook-endpoints/{made['endpoint_id']}"
    tell_east(database, 1)
    receiver.next = [Answers(410)]
    send(sender)
    shown = east.get(path).json
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "gone")
    assert "410" in shown["notice"]
    assert tell_east(database, 2) == 1
    later(database, timedelta(days=1))
    send(sender)
    assert len(receiver.received) == 1
    delivery = east.get(f"{path}/deliveries").json["items"][-1]
    replay = f"/v1/webhook-deliveries/{delivery['delivery_id']}/replay"
    assert east.post(replay, {}).status_code == 409


def test_a_partner_s_other_servers_are_told_that_an_endpoint_was_disabled(
    east: Partner, west: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    with listening() as other:
        gone = add(east, receiver)["endpoint_id"]
        secret = add(east, other, types=["endpoint.disabled"])["secret"]
        add(west, other, types=["endpoint.disabled"])
        tell_east(database)
        receiver.next = [Answers(410)]
        send(sender)
        (told,) = other.received
        assert told.verified(secret)["type"] == "endpoint.disabled"
        assert told.message["data"] == {"endpoint_id": gone, "reason": "gone"}
    east.post(f"/v1/webhook-endpoints/{gone}/enabling", {})
    send(sender)
    assert [got.message["type"] for got in receiver.received] == ["batch.finished"] * 2, "it is told of itself"


def test_what_happens_while_an_endpoint_is_disabled_waits_and_goes_when_it_is_enabled(
    east: Partner, receiver: Receiver, sender: Sender, database: Database, environ: dict[str, str]
) -> None:
    """A claim, say: its partner can read of it nowhere else."""
    path = f"/v1/webhook-endpoints/{add(east, receiver)['endpoint_id']}"
    policy = east.post("/v1/policies", body(1)).json["policy_id"]
    receiver.next = [Answers(410)]
    send(sender)
    with database.transaction() as tx:
        tell_claim(tx, decided(policy, outcome="approved", amount_fen=700))
    assert faults(database, environ) == []
    send(sender)
    assert len(receiver.received) == 1
    east.post(f"{path}/enabling", {})
    send(sender)
    assert {got.message["type"] for got in receiver.received[1:]} == {"policy.issued", "claim.changed"}
    assert faults(database, environ) == []


def test_what_waits_for_a_disabled_endpoint_waits_for_a_month(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    receiver.next = [Answers(410)]
    tell_east(database, 1)
    send(sender)
    tell_east(database, 2)
    with database.transaction() as tx:
        tx.execute("UPDATE webhook_deliveries SET delivery_id = uuidv7(interval '-31 days') WHERE attempts = 0")
    drop_old(database)
    assert rows(database) == [("pending", 1, 1)]


def test_an_endpoint_with_nothing_but_failures_for_three_days_is_disabled_and_what_waited_goes_when_it_is_enabled(
    east: Partner, receiver: Receiver, sender: Sender, database: Database, environ: dict[str, str]
) -> None:
    made = add(east, receiver)
    path = f"/v1/webhook-endpoints/{made['endpoint_id']}"
    tell_east(database, 1)
    receiver.otherwise = Answers(500)
    for wait in WAITS:
        send(sender)
        later(database, wait * 1.2)
    tell_east(database, 2)
    send(sender)
    later(database, timedelta(minutes=6))
    send(sender)
    shown = east.get(path).json
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "only_failures")
    assert shown["notice"]
    with database.transaction() as tx:
        actions = [
            action
            for (action,) in tx.all(
                "SELECT action FROM audit_log WHERE subject = %s ORDER BY number", (made["endpoint_id"],)
            )
        ]
    assert actions == ["webhook_endpoint.added", "webhook_endpoint.disabled"]
    seen = len(receiver.received)
    receiver.otherwise = Answers(204)
    later(database, timedelta(days=1))
    send(sender)
    assert len(receiver.received) == seen
    enabled = east.post(f"{path}/enabling", {}).json
    assert (enabled["state"], enabled["failures"], enabled["notice"]) == ("enabled", 0, None)
    send(sender)
    assert [state for state, *_ in rows(database)] == ["failed", "delivered"]
    assert tell_east(database, 3) == 1
    assert faults(database, environ) == []


def test_a_sender_that_died_between_sending_and_noting_it_leads_to_the_same_message_again(
    east: Partner, receiver: Receiver, new_sender: NewSender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    died = new_sender()
    letters = died._take()
    died._post(letters[0])
    survivor = new_sender()
    send(survivor)
    assert len(receiver.received) == 1
    later(database, LEASE)
    send(survivor)
    first, second = receiver.received
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    assert rows(database) == [("delivered", 2, 2)]


def test_what_a_sender_heard_after_its_lease_ran_out_leaves_the_message_to_the_next_one(
    east: Partner, receiver: Receiver, new_sender: NewSender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    slow, quick = new_sender(), new_sender()
    (late,) = slow._take()
    later(database, LEASE)
    (again,) = quick._take()
    slow._deliver(late)
    assert rows(database) == [("pending", 2, 2)]
    quick._deliver(again)
    assert rows(database) == [("delivered", 2, 2)]


def test_two_workers_never_send_the_same_message_at_once(
    east: Partner, receiver: Receiver, new_sender: NewSender, database: Database
) -> None:
    add(east, receiver)
    for number in range(60):
        tell_east(database, number)
    senders = [new_sender() for _ in range(3)]
    threads = [threading.Thread(target=send, args=(each,)) for each in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(senders[0])
    assert Counter(Counter(got.webhook_id for got in receiver.received).values()) == {1: 60}


def test_a_server_that_hangs_holds_up_no_other(east: Partner, receiver: Receiver, database: Database) -> None:
    courier = PatientCourier(parse_networks("127.0.0.0/8"), plain_http=True)
    sender = Sender(database, courier, Sealer(KEYS), clock.CLOCK, PARTNERS)
    let_go = threading.Event()
    with listening() as slow:
        slow.otherwise = Answers(act=lambda _request: let_go.wait(100))
        add(east, slow)
        for number in range(20):
            tell_east(database, number)
        assert sender.send_due()
        slow.wait(SLOTS.of_one_endpoint)
        assert not sender.send_due()
        add(east, receiver)
        for number in range(20, 30):
            tell_east(database, number)
        deadline = time.monotonic() + 60
        while len(receiver.received) < 10:
            assert time.monotonic() < deadline, "the hanging server holds up the other"
            sender.send_due()
            time.sleep(0.01)
        assert len(slow.received) == SLOTS.of_one_endpoint < SLOTS.all
        let_go.set()
        sender.finish()


def test_a_partner_whose_servers_all_hang_holds_up_no_other_partner(
    east: Partner, west: Partner, receiver: Receiver, database: Database
) -> None:
    courier = PatientCourier(parse_networks("127.0.0.0/8"), plain_http=True)
    sender = Sender(database, courier, Sealer(KEYS), clock.CLOCK, PARTNERS)
    let_go = threading.Event()
    with listening() as slow:
        slow.otherwise = Answers(act=lambda _request: let_go.wait(100))
        for _ in range(SLOTS.all // SLOTS.of_one_endpoint):
            add(east, slow)
        for number in range(SLOTS.of_one_endpoint):
            tell_east(database, number)
        add(west, receiver)
        west.post("/v1/policies", body(1))
        deadline = time.monotonic() + 60
        try:
            while not receiver.received:
                assert time.monotonic() < deadline, "the hanging servers of one partner hold up the other"
                sender.send_due()
            while sender.send_due():
                pass
            slow.wait(SLOTS.of_one_partner)
            assert len(slow.received) == SLOTS.of_one_partner < SLOTS.all
        finally:
            let_go.set()
            sender.finish()


def test_of_a_partner_s_servers_each_gets_its_turn_and_of_partners_too(
    east: Partner, west: Partner, receiver: Receiver, database: Database
) -> None:
    """However long the queue of one is."""
    long, short, other = add(east, receiver), add(east, receiver, types=["policy.issued"]), add(west, receiver)
    for number in range(SLOTS.all):
        tell_east(database, number)
    east.post("/v1/policies", body(1))
    west.post("/v1/policies", body(2))
    with database.transaction() as tx:
        taken = webhook_deliveries.take(tx, replace(SLOTS, all=3), [], [], lease=LEASE, now=clock.real_now())
    assert Counter(each.endpoint_id for each in taken) == {each["endpoint_id"]: 1 for each in (long, short, other)}


def test_a_host_that_is_down_costs_one_attempt_and_then_pauses_that_grow(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    receiver.otherwise = Answers(503)
    for number in range(20):
        tell_east(database, number)
    send(sender)
    seen = [len(receiver.received)]
    for seconds in (1, 2, 4, 8):
        later(database, timedelta(seconds=seconds))
        send(sender)
        seen.append(len(receiver.received))
    assert seen[0] <= SLOTS.of_one_endpoint
    assert seen[-1] <= seen[0] + 4
    receiver.otherwise = Answers(204)
    later(database, timedelta(minutes=6))
    send(sender)
    assert {state for state, *_ in rows(database)} == {"delivered"}


def test_a_secret_that_our_keys_do_not_open_is_no_fault_of_the_partner_s_and_its_messages_wait(
    east: Partner, west: Partner, receiver: Receiver, new_sender: NewSender, database: Database
) -> None:
    add(east, receiver)
    damaged = add(east, receiver, types=["policy.issued"])["endpoint_id"]
    with database.transaction() as tx:
        tx.execute("UPDATE webhook_endpoints SET secret = secret || '\\x00'::bytea WHERE endpoint_id = %s", (damaged,))
    tell_east(database)
    east.post("/v1/policies", body(1))
    sender = new_sender()
    send(sender)
    assert [got.message["type"] for got in receiver.received].count("policy.issued") == 1
    assert sorted(rows(database)) == [("delivered", 1, 1), ("delivered", 1, 1), ("pending", 0, 0)]
    assert due(database) == 1, "nobody is told that it waits"
    shown = east.get(f"/v1/webhook-endpoints/{damaged}").json
    assert (shown["state"], shown["failures"], shown["failing_since"]) == ("enabled", 0, None)


def test_a_worker_that_lacks_a_key_leaves_the_messages_to_one_that_has_it_and_looks_again_later(
    east: Partner, receiver: Receiver, new_sender: NewSender, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(east, receiver)
    tell_east(database, 1)
    stranger = new_sender(Sealer(KeyRing({9: bytes(32)})))
    send(stranger)
    send(new_sender())
    assert len(receiver.received) == 1
    tell_east(database, 2)
    monkeypatch.setattr(stranger, "_sealer", Sealer(KEYS))
    send(stranger)
    assert len(receiver.received) == 1, "it looked at once"
    monkeypatch.setattr(send_webhooks, "LOOK_AGAIN_SECONDS", 0.0)
    send(stranger)
    assert len(receiver.received) == 2


def test_a_database_that_is_away_when_a_message_was_sent_leads_to_the_same_message_again(
    east: Partner, receiver: Receiver, sender: Sender, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(east, receiver)
    tell_east(database)

    def away(*_: Any, **__: Any) -> None:
        raise psycopg2.OperationalError("the server closed the connection")

    with monkeypatch.context() as lost:
        lost.setattr(webhook_deliveries, "settle", away)
        send(sender)
    assert rows(database) == [("pending", 1, 1)]
    later(database, LEASE)
    send(sender)
    assert len({got.webhook_id for got in receiver.received}) == 1
    assert rows(database) == [("delivered", 2, 2)]


def test_a_message_that_is_asked_for_again_while_it_is_sent_is_sent_again(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    asked = threading.Event()
    receiver.next = [Answers(act=answers_once(asked))]
    sender.send_due()
    receiver.wait(1)
    (delivery_id,) = rows(database, "delivery_id")[0]
    assert east.post(f"/v1/webhook-deliveries/{delivery_id}/replay", {}).status_code == 202
    asked.set()
    sender.finish()
    send(sender)
    assert len(receiver.received) == 2
    assert rows(database) == [("delivered", 2, 1)]


def test_who_asked_for_a_message_again_is_in_the_audit_trail(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    send(sender)
    (delivery_id,) = rows(database, "delivery_id")[0]
    east.post(f"/v1/webhook-deliveries/{delivery_id}/replay", {})
    with database.transaction() as tx:
        found = tx.all("SELECT actor, action FROM audit_log WHERE subject = %s", (delivery_id,))
    assert found == [("telecom-east", "webhook_delivery.replayed")]


def test_a_message_that_is_asked_for_again_after_a_month_is_sent_and_not_dropped(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    with database.transaction() as tx:
        tx.execute("UPDATE webhook_deliveries SET delivery_id = uuidv7(interval '-31 days')")
    drop_old(database)
    send(sender)
    assert len(receiver.received) == 1
    drop_old(database)
    assert rows(database) == []


def test_a_message_that_is_dropped_while_it_is_sent_ends_no_worker(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database)
    (letter,) = sender._take()
    with database.transaction() as tx:
        tx.execute("DELETE FROM webhook_deliveries")
    sender._deliver(letter)
    assert len(receiver.received) == 1


def test_deliveries_of_more_than_a_month_ago_are_dropped_and_younger_ones_kept(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    add(east, receiver)
    tell_east(database, 1)
    send(sender)
    with database.transaction() as tx:
        tx.execute("SET CONSTRAINTS ALL DEFERRED")
        tx.execute("DELETE FROM webhook_attempts")
        tx.execute("UPDATE webhook_deliveries SET delivery_id = uuidv7(interval '-31 days')")
    tell_east(database, 2)
    assert drop_old(database) is False
    assert rows(database) == [("pending", 0, 0)]


def test_a_single_enrollment_is_told_and_one_of_another_partner_is_not(
    east: Partner, west: Partner, receiver: Receiver, sender: Sender, vault: Vault
) -> None:
    secret = add(east, receiver, types=["policy.issued"])["secret"]
    policy = east.post("/v1/policies", body(1)).json
    west.post("/v1/policies", body(2))
    send(sender)
    (got,) = receiver.received
    message = got.verified(secret)
    assert message["type"] == "policy.issued"
    data = message["data"]
    assert (data["policy_id"], data["partner_reference"]) == (policy["policy_id"], policy["partner_reference"])
    assert data["premium_fen"] == policy["premium_fen"]
    assert datetime.fromisoformat(data["effective_from"]) == datetime.fromisoformat(policy["effective_from"])
    # The reference is the partner's own, and digits of an id or of a moment are those of a phone by chance.
    about = data | dict.fromkeys(("policy_id", "partner_reference"), "")
    assert about.keys() == data.keys()
    for personal in ("张小明", "139", "0000", "1980"):
        assert personal not in json.dumps(about, ensure_ascii=False)
