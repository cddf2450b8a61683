"""A partner's endpoints over HTTP: added, tried, rotated, enabled, removed; their log read and a message sent again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from standardwebhooks import WebhookVerificationError

from services.enrollment.tools import TOOLS
from services.enrollment.webhooks.domain.webhook_facts import FACT_TYPES
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.webhooks.store import webhook_endpoints
from shared.webhooks.usecases import try_endpoint
from shared.webhooks.usecases.endpoints import MOST_ENDPOINTS, MOST_FORMER_SECRETS
from shared.webhooks.usecases.send import Sender, drop_old
from shared.webhooks.usecases.try_endpoint import AT_ONCE
from tests import clock
from tests.services.enrollment.builders import NOW, Partner, body
from tests.services.enrollment.webhooks.receiver import Answers, Receiver
from tests.services.enrollment.webhooks.webhooks import ALL, add, later, send

ENDPOINTS = "/v1/webhook-endpoints"


def former_secrets(database: Database) -> int:
    with database.transaction() as tx:
        row = tx.one("SELECT count(*) FROM webhook_former_secrets")
    assert row is not None
    return int(row[0])


@pytest.fixture(autouse=True)
def _a_test_message_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is; that the wait is bounded is the courier's to show."""
    monkeypatch.setattr(try_endpoint, "ATTEMPT_SECONDS", 60.0)


def test_a_partner_adds_an_endpoint_and_sees_its_secret_once(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    key = new_id()
    wanted = {"url": receiver.url, "types": ["policy.issued", "claim.changed"]}
    made = east.post(ENDPOINTS, wanted, key=key)
    assert made.status_code == 201
    endpoint = made.json
    assert endpoint["secret"].startswith("whsec_")
    assert (endpoint["state"], endpoint["types"]) == ("enabled", ["claim.changed", "policy.issued"])
    path = made.headers["Location"]
    again = east.post(ENDPOINTS, wanted, key=key)
    assert (again.json["endpoint_id"], again.json["secret"]) == (endpoint["endpoint_id"], None)
    assert "secret" not in east.get(path).json
    assert [each["endpoint_id"] for each in east.get(ENDPOINTS).json["items"]] == [endpoint["endpoint_id"]]
    with database.transaction() as tx:
        texts = tx.all("SELECT encode(body, 'escape') FROM idempotency_keys")
        blobs = tx.all("SELECT encode(secret, 'escape') FROM webhook_endpoints")
    assert not any(endpoint["secret"] in text for (text,) in texts + blobs)


@pytest.mark.parametrize(
    "url",
    ["http://93.184.216.34/", "https://127.0.0.1/", "https://10.0.0.8/hooks", "https://a:b@example.com/", "mailto:a"],
)
def test_a_url_that_may_not_be_called_is_refused(strict_east: Partner, url: str) -> None:
    refused = strict_east.post(ENDPOINTS, {"url": url, "types": ["policy.issued"]})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/url"
    assert refused.json["errors"][0]["fix"]


def test_a_type_that_there_is_not_is_refused(east: Partner, receiver: Receiver) -> None:
    for types in ([], ["policy.exploded"]):
        assert east.post(ENDPOINTS, {"url": receiver.url, "types": types}).status_code == 422


def test_another_partner_s_endpoint_is_unknown(east: Partner, west: Partner, receiver: Receiver) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    delivery = east.post(f"{path}/test", {}).json["delivery_id"]
    for answer in (
        west.get(path),
        west.get(f"{path}/deliveries"),
        west.delete(path),
        west.post(f"{path}/test", {}),
        west.post(f"{path}/enabling", {}),
        west.post(f"{path}/rotation", {}),
        west.post(f"/v1/webhook-deliveries/{delivery}/replay", {}),
    ):
        assert answer.status_code == 404
    assert west.get(ENDPOINTS).json["items"] == []
    assert len(receiver.received) == 1


def test_a_partner_has_a_bounded_number_of_endpoints(east: Partner, receiver: Receiver) -> None:
    made = [add(east, receiver)["endpoint_id"] for _ in range(MOST_ENDPOINTS)]
    too_many = east.post(ENDPOINTS, {"url": receiver.url, "types": ["policy.issued"]})
    assert (too_many.status_code, too_many.json["type"].rpartition("/")[2]) == (409, "too-many-webhook-endpoints")
    assert east.delete(f"{ENDPOINTS}/{made[0]}").status_code == 204
    assert add(east, receiver)


def test_endpoints_are_listed_page_by_page(east: Partner, receiver: Receiver) -> None:
    made = [add(east, receiver)["endpoint_id"] for _ in range(3)]
    first = east.get(ENDPOINTS, limit="2").json
    second = east.get(ENDPOINTS, limit="2", cursor=first["next_cursor"]).json
    assert [each["endpoint_id"] for each in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


def test_a_test_message_goes_at_once_and_its_outcome_is_told(east: Partner, receiver: Receiver) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    told = east.post(f"{path}/test", {})
    assert told.status_code == 200
    assert (told.json["delivered"], told.json["attempt"]["status"]) == (True, 204)
    (got,) = receiver.received
    message = got.verified(endpoint["secret"])
    assert (message["type"], message["data"]) == ("webhook.test", {"endpoint_id": endpoint["endpoint_id"]})
    assert got.webhook_id == told.json["webhook_id"]
    receiver.next = [Answers(500, body=b"a page about our insides")]
    told = east.post(f"{path}/test", {})
    assert (told.json["delivered"], told.json["attempt"]["status"]) == (False, 500)
    assert told.json["attempt"]["failure"] == "answered_otherwise"
    log = east.get(f"{path}/deliveries")
    assert [each["state"] for each in log.json["items"]] == ["failed", "delivered"]
    assert "insides" not in log.text
    assert east.get(path).json["failures"] == 0


def test_a_test_of_an_endpoint_whose_secret_our_keys_do_not_open_says_so(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    path = f"{ENDPOINTS}/{add(east, receiver)['endpoint_id']}"
    with database.transaction() as tx:
        tx.execute("UPDATE webhook_endpoints SET secret = secret || '\\x00'::bytea")
    told = east.post(f"{path}/test", {})
    assert (told.status_code, told.json["delivered"]) == (200, False)
    assert told.json["attempt"]["failure"] == "secret_unreadable"
    assert receiver.received == []
    assert east.get(path).json["failures"] == 0


def test_a_server_that_hangs_takes_neither_the_web_process_s_threads_nor_its_connections(
    east: Partner, app: Flask, receiver: Receiver, trials_under_way: int
) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    assert trials_under_way == AT_ONCE
    busy = east.post(f"{path}/test", {})
    assert busy.status_code == 429
    assert busy.headers["Retry-After"]


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_alone(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    old = endpoint["secret"]
    key = new_id()
    rotated = east.post(f"{path}/rotation", {"overlap_hours": 2}, key=key).json
    new = rotated["secret"]
    assert new != old
    assert east.post(f"{path}/rotation", {"overlap_hours": 2}, key=key).json["secret"] is None
    until = datetime.fromisoformat(rotated["secret_overlap_until"])
    assert timedelta(minutes=119) < until - clock.real_now() <= timedelta(hours=2)
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(old) == receiver.received[-1].verified(new)
    later(database, timedelta(hours=2))
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.received[-1].verified(old)


def test_a_rotation_whose_reply_was_lost_is_asked_for_again_and_the_secret_in_use_still_verifies(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    in_use = endpoint["secret"]
    east.post(f"{path}/rotation", {"overlap_hours": 4})
    later(database, timedelta(hours=1))
    again = east.post(f"{path}/rotation", {"overlap_hours": 1}).json
    until = datetime.fromisoformat(again["secret_overlap_until"])
    assert timedelta(minutes=179) < until - clock.real_now() <= timedelta(hours=3)
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(in_use) == receiver.received[-1].verified(again["secret"])
    later(database, timedelta(hours=3))
    assert east.get(path).json["secret_overlap_until"] is None
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(again["secret"])
    with pytest.raises(WebhookVerificationError):
        receiver.received[-1].verified(in_use)


def test_a_leaked_secret_is_dropped_at_once_whatever_overlap_was_granted_to_it_before(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    second = east.post(f"{path}/rotation", {"overlap_hours": 24}).json["secret"]
    new = east.post(f"{path}/rotation", {"overlap_hours": 0}).json
    assert new["secret_overlap_until"] is None
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(new["secret"])
    for leaked in (endpoint["secret"], second):
        with pytest.raises(WebhookVerificationError):
            receiver.received[-1].verified(leaked)
    assert former_secrets(database) == 0


def test_a_secret_whose_overlap_is_over_is_forgotten(east: Partner, receiver: Receiver, database: Database) -> None:
    path = f"{ENDPOINTS}/{add(east, receiver)['endpoint_id']}"
    east.post(f"{path}/rotation", {"overlap_hours": 2})
    drop_old(database)
    assert former_secrets(database) == 1
    later(database, timedelta(hours=2))
    drop_old(database)
    assert former_secrets(database) == 0


def test_no_message_carries_signatures_without_end(east: Partner, receiver: Receiver) -> None:
    path = f"{ENDPOINTS}/{add(east, receiver)['endpoint_id']}"
    for _ in range(MOST_FORMER_SECRETS):
        assert east.post(f"{path}/rotation", {}).status_code == 200
    refused = east.post(f"{path}/rotation", {})
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "too-many-webhook-secrets")
    assert east.post(f"{path}/rotation", {"overlap_hours": 0}).status_code == 200
    assert east.post(f"{path}/rotation", {}).status_code == 200


def test_a_secret_that_leaked_can_be_replaced_without_overlap(east: Partner, receiver: Receiver) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    new = east.post(f"{path}/rotation", {"overlap_hours": 0}).json["secret"]
    east.post(f"{path}/test", {})
    assert receiver.received[-1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.received[-1].verified(endpoint["secret"])


def test_what_is_in_the_log_can_be_sent_again_under_its_own_id(
    east: Partner, receiver: Receiver, sender: Sender
) -> None:
    endpoint = add(east, receiver)
    policy = east.post("/v1/policies", body(1)).json
    send(sender)
    log = f"{ENDPOINTS}/{endpoint['endpoint_id']}/deliveries"
    (delivery,) = east.get(log).json["items"]
    assert delivery["state"] == "delivered"
    replay = f"/v1/webhook-deliveries/{delivery['delivery_id']}/replay"
    again = east.post(replay, {})
    assert (again.status_code, again.json["state"]) == (202, "pending")
    send(sender)
    first, second = receiver.received
    assert first.webhook_id == second.webhook_id == delivery["webhook_id"]
    assert first.body == second.body
    assert first.message["data"]["policy_id"] == policy["policy_id"]
    (delivery,) = east.get(log).json["items"]
    assert [attempt["number"] for attempt in delivery["attempts"]] == [1, 2]
    assert delivery["next_attempt_at"] is None


def test_the_log_is_read_page_by_page_and_by_state(east: Partner, receiver: Receiver) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    for status in (204, 500, 204):
        receiver.next = [Answers(status)]
        east.post(f"{path}/test", {})
    first = east.get(f"{path}/deliveries", limit="2").json
    second = east.get(f"{path}/deliveries", limit="2", cursor=first["next_cursor"]).json
    states = [each["state"] for each in first["items"] + second["items"]]
    assert states == ["delivered", "failed", "delivered"]
    failed = east.get(f"{path}/deliveries", state="failed").json["items"]
    assert [each["attempts"][0]["status"] for each in failed] == [500]


def test_a_removed_endpoint_is_sent_nothing_and_its_secret_is_forgotten(
    east: Partner, receiver: Receiver, sender: Sender, database: Database
) -> None:
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    east.post("/v1/policies", body(1))
    east.post(f"{path}/rotation", {})
    assert east.delete(path).status_code == 204
    assert former_secrets(database) == 0
    assert east.delete(path).status_code == east.get(path).status_code == 404
    east.post("/v1/policies", body(2))
    send(sender)
    assert receiver.received == []
    with database.transaction() as tx:
        assert tx.all("SELECT secret FROM webhook_endpoints") == [(None,)]
        assert tx.one("SELECT count(*) FROM webhook_deliveries") == (1,)
        assert tx.one("SELECT webhook_types FROM partners WHERE partner_id = 'telecom-east'") == ([],)


@pytest.mark.parametrize(
    "act",
    [
        lambda tx, endpoint_id: webhook_endpoints.disable(tx, endpoint_id, "gone", NOW),
        webhook_endpoints.enable,
        lambda tx, endpoint_id: webhook_endpoints.rotate(tx, endpoint_id, secret=b"new", overlap_until=None),
        webhook_endpoints.remove,
    ],
    ids=["disable", "enable", "rotate", "remove"],
)
def test_nothing_brings_a_removed_endpoint_back(
    east: Partner, receiver: Receiver, database: Database, act: Callable[[Tx, str], bool]
) -> None:
    endpoint_id = add(east, receiver)["endpoint_id"]
    assert east.delete(f"{ENDPOINTS}/{endpoint_id}").status_code == 204
    with database.transaction() as tx:
        assert not act(tx, endpoint_id)
        assert tx.all("SELECT state, secret, disabled_reason FROM webhook_endpoints") == [("deleted", None, None)]


def test_the_contract_says_which_types_are_asked_for(east: Partner, receiver: Receiver, database: Database) -> None:
    def asked() -> list[str]:
        with database.transaction() as tx:
            row = tx.one("SELECT webhook_types FROM partners WHERE partner_id = 'telecom-east'")
        assert row is not None
        return sorted(row[0])

    assert asked() == []
    first = add(east, receiver, types=["policy.issued", "policy.canceled"])
    add(east, receiver, types=["policy.issued"])
    assert asked() == ["policy.canceled", "policy.issued"]
    east.delete(f"{ENDPOINTS}/{first['endpoint_id']}")
    assert asked() == ["policy.issued"]


def test_who_may_only_read_changes_nothing(app: Flask, issuer: Any, receiver: Receiver) -> None:
    reader = Partner(app.test_client(), issuer.token("telecom-east", scope="webhooks:read"))
    assert reader.get(ENDPOINTS).status_code == 200
    assert reader.post(ENDPOINTS, {"url": receiver.url, "types": list(ALL)}).status_code == 403


def test_all_types_can_be_asked_for(east: Partner, receiver: Receiver) -> None:
    assert add(east, receiver, types=list(FACT_TYPES))["types"] == sorted(FACT_TYPES)


@pytest.fixture
def strict_east(database: Database, environ: dict[str, str], issuer: Any) -> Partner:
    """Where the settings allow public servers over TLS alone."""
    plain = {name: value for name, value in environ.items() if "WEBHOOK" not in name}
    return Partner(TOOLS.web(TOOLS.settings.load(plain)).test_client(), issuer.token("telecom-east"))


@pytest.fixture
def trials_under_way(app: Flask, east: Partner, receiver: Receiver) -> Iterator[int]:
    """As many tests as a web process takes at once, at a server that keeps silent."""
    done = threading.Event()
    endpoint = add(east, receiver)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}/test"
    receiver.next = [Answers(act=lambda _request: done.wait(60))] * AT_ONCE
    clients = [Partner(app.test_client(), east.token) for _ in range(AT_ONCE)]
    threads = [threading.Thread(target=client.post, args=(path, {})) for client in clients]
    for thread in threads:
        thread.start()
    receiver.wait(AT_ONCE)
    yield AT_ONCE
    done.set()
    for thread in threads:
        thread.join()
