"""The worker as a process of its own: killed while it tells a partner's server something, and fed by Kafka."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deploy.local.issuer import Issuer
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from shared.webhooks.usecases.send import LEASE
from tests import clock
from tests.conftest import Environment
from tests.services.enrollment.builders import Partner, body, decided, paid
from tests.services.enrollment.files.worker_process import send, until, worker, worker_database
from tests.services.enrollment.webhooks.receiver import Answers, Receiver
from tests.services.enrollment.webhooks.webhooks import add, later


@pytest.fixture
def environ(environment: Environment) -> dict[str, str]:
    allowed = {"ENROLLMENT_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8", "ENROLLMENT_WEBHOOK_PLAIN_HTTP": "true"}
    return environment("enrollment") | allowed


@pytest.fixture
def database(environ: dict[str, str]) -> Iterator[Database]:
    with worker_database(environ) as database:
        yield database


@pytest.fixture
def east(database: Database, environ: dict[str, str], issuer: Issuer) -> Partner:
    return Partner(TOOLS.web(TOOLS.settings.load(environ)).test_client(), issuer.token("telecom-east"))


def settled(database: Database) -> int:
    with database.transaction() as tx:
        row = tx.one("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'")
    assert row is not None
    return int(row[0])


def test_a_worker_killed_after_sending_and_before_noting_it_sends_the_same_message_again(
    east: Partner, receiver: Receiver, database: Database, environ: dict[str, str]
) -> None:
    add(east, receiver)
    killed = threading.Event()
    receiver.next = [Answers(act=lambda _request: killed.wait(30))]
    east.post("/v1/policies", body(1))
    with worker(environ) as process:
        until(lambda: len(receiver.received) == 1, process)
        process.kill()
        process.wait()
        killed.set()
    later(database, LEASE)
    with worker(environ) as process:
        until(lambda: settled(database) == 1, process)
    first, second = receiver.received
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)


def test_what_the_other_services_announce_reaches_the_partner_s_server(
    east: Partner, receiver: Receiver, database: Database, environ: dict[str, str]
) -> None:
    secret = add(east, receiver, types=["claim.changed", "payout.made"])["secret"]
    policy = east.post("/v1/policies", body(1)).json["policy_id"]
    began = clock.real_now()
    send(environ, decided(policy, outcome="approved", amount_fen=700), paid(policy, state="paid", amount_fen=700))
    with worker(environ) as process:
        until(lambda: settled(database) == 2, process)
    messages = [got.verified(secret) for got in receiver.received]
    assert {message["type"]: message["data"]["amount_fen"] for message in messages} == {
        "claim.changed": 700,
        "payout.made": 700,
    }
    assert all(int(got.headers["webhook-timestamp"]) >= int(began.timestamp()) for got in receiver.received)
