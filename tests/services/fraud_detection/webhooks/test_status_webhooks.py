"""Residents' backends are told each step of their claims, signed, in the step's own transaction; nothing personal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.filing.usecases.change_claim import withdraw
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.webhooks.wiring import CHANNELS
from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from shared.db.pool import Database
from shared.privacy.sealed import Sealer
from shared.webhooks.usecases.send import Sender
from tests import clock
from tests.services.enrollment.webhooks.receiver import Answers, Receiver, listening
from tests.services.enrollment.webhooks.webhooks import later, send
from tests.services.fraud_detection.builders import KEYS, NOW, Caller, World, champion, claim_body, evidence

Callers = Callable[[str], Caller]
TYPES = ["claim.status_changed"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def sender(database: Database) -> Sender:
    courier = Courier(parse_networks("127.0.0.0/8"), plain_http=True)
    return Sender(database, courier, Sealer(KEYS), clock.CLOCK, CHANNELS)


def add(caller: Caller, receiver: Receiver) -> dict[str, Any]:
    added = caller.post("/v1/webhook-endpoints", {"url": receiver.url, "types": TYPES})
    assert added.status_code == 201, added.text
    return dict(added.json)


def told(receiver: Receiver, claim_id: str) -> list[dict[str, Any]]:
    """What is told of the claim, by its versions."""
    data = [got.message["data"] for got in receiver.received if got.message["type"] == TYPES[0]]
    return sorted((each for each in data if each["claim_id"] == claim_id), key=lambda each: int(each["version"]))


def test_each_step_is_told_once_with_what_is_missing_and_by_when(
    world: World, caller: Callers, receiver: Receiver, sender: Sender
) -> None:
    endpoint = add(caller("mobile-backend"), receiver)
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.ask(claim.claim_id, "identity")
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("identity")], tenant="mobile-backend", now=NOW)
    world.decide(world.claim(claim.claim_id), claim_round=2, by=champion(0.05))
    world.review(claim.claim_id, "approve")
    send(sender)
    steps = told(receiver, claim.claim_id)
    states = ["in_review", "documents_requested", "filed", "in_review", "approved"]
    assert [each["state"] for each in steps] == states
    assert [each["version"] for each in steps] == [2, 3, 4, 5, 6]
    asked = steps[1]
    assert asked["needs"]
    assert datetime.fromisoformat(asked["by"]) == NOW + timedelta(days=30)
    assert [each["needs"] for each in steps if each is not asked] == [[]] * 4
    for got in receiver.received:
        got.verified(endpoint["secret"])


def test_what_is_missing_is_told_by_the_codes_that_the_claim_shows(
    world: World, caller: Callers, receiver: Receiver, sender: Sender
) -> None:
    mobile = caller("mobile-backend")
    add(mobile, receiver)
    claim = world.file(world.covered(), evidence=(evidence("police_receipt"),))
    assert world.decide(claim) == "documents_requested"
    send(sender)
    (asked,) = told(receiver, claim.claim_id)
    missing = mobile.get(f"/v1/claims/{claim.claim_id}").json["status"]["missing"]
    assert asked["needs"] == [each["code"] for each in missing]
    assert missing


def test_another_backend_hears_nothing_of_it(world: World, caller: Callers, receiver: Receiver, sender: Sender) -> None:
    add(caller("bank-app"), receiver)
    world.decide(world.file(world.covered()))
    send(sender)
    assert receiver.received == []


def test_a_step_that_is_undone_is_told_to_nobody(
    world: World, caller: Callers, receiver: Receiver, sender: Sender
) -> None:
    add(caller("mobile-backend"), receiver)
    claim = world.file(world.covered())

    class Undone(Exception):
        pass

    with pytest.raises(Undone), world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant="mobile-backend", now=NOW)
        raise Undone
    send(sender)
    assert (world.claim(claim.claim_id).state, receiver.received) == ("filed", [])


def test_a_message_names_nobody_and_has_no_words(
    world: World, caller: Callers, receiver: Receiver, sender: Sender
) -> None:
    mobile, person = caller("mobile-backend"), world.covered()
    add(mobile, receiver)
    filed = mobile.post("/v1/claims", claim_body(person))
    claim = world.claim(filed.json["claim_id"])
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    send(sender)
    steps = told(receiver, claim.claim_id)
    assert [each["state"] for each in steps] == ["in_review", "refused"]
    assert {name for each in steps for name in each} == {"claim_id", "version", "state", "needs", "by"}
    sent = json.dumps([got.message for got in receiver.received])
    for private in (person.document_number, person.phone, claim.person_token, claim.policy_id, "reviewer"):
        assert private not in sent


def test_what_is_not_taken_comes_again_under_its_id_stands_in_the_log_and_is_replayed(
    world: World, caller: Callers, receiver: Receiver, sender: Sender, database: Database
) -> None:
    mobile = caller("mobile-backend")
    endpoint = add(mobile, receiver)
    receiver.next.append(Answers(500))
    world.decide(world.file(world.covered()))
    send(sender)
    later(database, timedelta(minutes=1))
    send(sender)
    assert len({got.webhook_id for got in receiver.received}) == 1
    log = mobile.get(f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/deliveries").json["items"]
    assert [(each["state"], [tried["status"] for tried in each["attempts"]]) for each in log] == [
        ("delivered", [500, 204])
    ]
    replayed = mobile.post(f"/v1/webhook-deliveries/{log[0]['delivery_id']}/replay", None)
    assert replayed.status_code == 202, replayed.text
    send(sender)
    assert [got.webhook_id for got in receiver.received] == [log[0]["webhook_id"]] * 3


def test_a_test_message_and_a_new_secret_work_as_everywhere(
    caller: Callers, receiver: Receiver, world: World, sender: Sender
) -> None:
    mobile = caller("mobile-backend")
    endpoint = add(mobile, receiver)
    tried = mobile.post(f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/test", None)
    assert (tried.status_code, tried.json["delivered"]) == (200, True)
    rotated = mobile.post(f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/rotation", {"overlap_hours": 0}).json
    world.decide(world.file(world.covered()))
    send(sender)
    receiver.received[-1].verified(rotated["secret"])
    refused = mobile.post("/v1/webhook-endpoints", {"url": "http://10.0.0.1/", "types": TYPES})
    assert refused.status_code == 422


def test_a_backend_gets_its_number_once(database: Database) -> None:
    numbers = []
    for tenant in ("mobile-backend", "bank-app", "mobile-backend"):
        with database.transaction() as tx:
            numbers.append(CHANNELS.number_of(tx, tenant))
    assert numbers[0] == numbers[2] != numbers[1]


def test_claims_without_any_endpoint_queue_nothing(world: World) -> None:
    world.decide(world.file(world.covered()))
    assert world.rows("SELECT count(*) FROM webhook_deliveries") == [(0,)]
