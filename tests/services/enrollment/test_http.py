"""Enrollment as a partner's program sees it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.policies.store import outcomes
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.web import WINGS
from shared.db.pool import Database
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError
from shared.webhooks.domain import errors as webhook_errors
from tests import clock
from tests.services.enrollment.builders import (
    PRODUCT,
    Partner,
    answer,
    body,
    csv,
    decided,
    faults,
    id_number,
    load_all,
    paid,
    row,
)
from tests.services.enrollment.problems import problem


def test_a_partner_covers_one_person_and_finds_the_policy_again(east: Partner) -> None:
    reply = east.post("/v1/policies", body(1))
    assert reply.status_code == 201
    policy = reply.json
    assert policy["state"] == "in_force"
    assert policy["version"] == 1
    assert policy["premium_fen"] == 1200
    assert policy["insured"] == {
        "name": "张**",
        "document_type": "resident_id",
        "document": f"000*************{id_number(1)[-2:]}",
        "phone": "139****0001",
    }
    assert east.get(reply.headers["Location"]).json == policy
    assert east.get("/v1/policies", partner_reference="sub-000000001").json["items"] == [policy]
    assert east.get("/v1/policies", partner_reference="sub-000000002").json["items"] == []


def test_a_repeated_request_gives_the_same_policy(east: Partner) -> None:
    key = new_id()
    first = east.post("/v1/policies", body(1), key=key)
    again = east.post("/v1/policies", body(1), key=key)
    assert (first.status_code, first.json) == (again.status_code, again.json)


def test_a_person_is_covered_once_whichever_partner_asks(
    east: Partner, west: Partner, database: Database, environ: dict[str, str]
) -> None:
    policy_id = east.post("/v1/policies", body(1)).json["policy_id"]
    again = east.post("/v1/policies", body(1, partner_reference="another"))
    assert (again.status_code, problem(again)) == (409, "already-covered")
    assert policy_id in again.json["detail"]
    elsewhere = west.post("/v1/policies", body(1))
    assert (elsewhere.status_code, problem(elsewhere)) == (409, "already-covered")
    assert policy_id not in elsewhere.text
    assert faults(database, environ) == []


def test_another_partners_policy_and_batch_are_unknown(east: Partner, west: Partner) -> None:
    policy = east.post("/v1/policies", body(1)).headers["Location"]
    batch = east.upload(csv([row(2)])).headers["Location"]
    assert [problem(west.get(path)) for path in (policy, batch, f"{batch}/rejections")] == [
        "unknown-policy",
        "unknown-batch",
        "unknown-batch",
    ]
    assert west.post(f"{policy}/cancellation", {"reason": "insured_request"}).status_code == 404
    assert west.get("/v1/policies").json["items"] == []
    assert east.get(policy).json["state"] == "in_force"


@pytest.mark.parametrize(
    ("pointer", "changes"),
    [
        ("/insured/document_number", {"insured": body(1)["insured"] | {"document_number": "001234198003150010"}}),
        ("/insured/document_type", {"insured": body(1)["insured"] | {"document_type": "library_card"}}),
        ("/insured/phone", {"insured": body(1)["insured"] | {"phone": "12"}}),
        ("/insured/name", {"insured": body(1)["insured"] | {"name": " "}}),
        ("/insured/nickname", {"insured": body(1)["insured"] | {"nickname": "x"}}),
        ("/partner_reference", {"partner_reference": "13912345678"}),
        ("/effective_date", {"effective_date": "2020-01-01"}),
        ("/effective_date", {"effective_date": "soon"}),
        ("/effective_date", {"effective_date": 1_850_774_400}),
        ("/effective_date", {"effective_date": "1850774400"}),
        ("/insured/birth_date", {"insured": body(1)["insured"] | {"birth_date": "0"}}),
        ("/consent/given_at", {"consent": body(1)["consent"] | {"given_at": "489715200"}}),
        ("/insured/birth_date", {"insured": body(1)["insured"] | {"birth_date": "1980-03-16"}}),
        (
            "/insured/birth_date",
            {"insured": body(1)["insured"] | {"document_type": "passport", "document_number": "E12345678"}},
        ),
        ("/consent/given_at", {"consent": body(1)["consent"] | {"given_at": "2999-01-01T00:00:00Z"}}),
        ("/consent/given_at", {"consent": body(1)["consent"] | {"given_at": "2026-01-01T00:00:00"}}),
        ("/consent/channel", {"consent": body(1)["consent"] | {"channel": ""}}),
        ("/consent/channel", {"consent": body(1)["consent"] | {"channel": "13912345678"}}),
        ("/consent/text_version", {"consent": body(1)["consent"] | {"text_version": "110101199001011234"}}),
    ],
)
def test_a_field_that_is_wrong_is_named_with_its_fix_and_nothing_is_stored(
    east: Partner, database: Database, pointer: str, changes: dict[str, Any]
) -> None:
    reply = east.post("/v1/policies", body(1, **changes))
    assert (reply.status_code, problem(reply)) == (422, "invalid-request")
    assert [fault["pointer"] for fault in reply.json["errors"]] == [pointer]
    assert all(fault["detail"] and fault["fix"] for fault in reply.json["errors"])
    assert not any(number in reply.text for number in ("13912345678", "110101199001011234"))
    with database.transaction() as tx:
        for table in ("policies", "policy_chunks", "data_keys", "idempotency_keys"):
            assert tx.one(f"SELECT count(*) FROM {table}") == (0,)


def test_a_product_that_is_not_sold_is_refused(east: Partner) -> None:
    reply = east.post("/v1/policies", body(1, product_code="moon-cover"))
    assert (reply.status_code, problem(reply)) == (422, "product-not-sold")


def test_a_suspended_partner_enrolls_nobody_and_still_sees_its_policies(east: Partner, database: Database) -> None:
    policy = east.post("/v1/policies", body(1)).headers["Location"]
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET state = 'suspended' WHERE partner_id = 'telecom-east'")
    refused = east.post("/v1/policies", body(2))
    assert (refused.status_code, problem(refused)) == (409, "contract-not-running")
    assert problem(east.upload(csv([row(3)]))) == "contract-not-running"
    assert east.get(policy).status_code == 200


def test_a_canceled_policy_ends_now_and_the_person_may_be_covered_anew(
    east: Partner, west: Partner, database: Database, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", body(1)).headers["Location"]
    canceled = east.post(f"{policy}/cancellation", {"reason": "insured_request"})
    assert canceled.status_code == 201
    assert (canceled.json["state"], canceled.json["version"]) == ("canceled", 2)
    assert canceled.json["effective_to"] == canceled.json["effective_from"]
    ended = canceled.json["cancellation"]
    assert (ended["reason"], ended["refund_fen"]) == ("insured_request", 1200)
    assert east.get(policy).json == canceled.json
    again = east.post(f"{policy}/cancellation", {"reason": "insured_request"})
    assert (again.status_code, problem(again)) == (409, "not-in-force")
    assert west.post("/v1/policies", body(1)).status_code == 201
    with database.transaction() as tx:
        assert tx.all("SELECT body::jsonb ->> 'refund_fen' FROM outbox WHERE type = 'policies.canceled'") == [("1200",)]
    assert faults(database, environ) == []


def test_a_list_goes_on_where_its_page_ended(east: Partner) -> None:
    for n in range(5):
        east.post("/v1/policies", body(n))
    first = east.get("/v1/policies", limit="3").json
    second = east.get("/v1/policies", limit="3", cursor=first["next_cursor"]).json
    references = [item["partner_reference"] for page in (first, second) for item in page["items"]]
    assert references == [f"sub-{n:09d}" for n in range(5)]
    assert second["next_cursor"] is None


def test_a_file_is_taken_in_and_its_progress_and_rejections_are_shown(
    east: Partner, database: Database, vault: Vault
) -> None:
    data = csv(
        [row(n, effective_date="") for n in range(100)]
        + [row(200 + n, effective_date="", phone="12") for n in range(3)]
    )
    taken = east.upload(data, rows="103", sha256=hashlib.sha256(data).hexdigest())
    assert taken.status_code == 202
    assert (taken.json["state"], taken.json["rows"], taken.json["rows_read"]) == ("received", 103, 0)
    load_all(database, vault, now=clock.now())
    batch = east.get(taken.headers["Location"]).json
    assert (batch["state"], batch["accepted"], batch["rejected"], batch["seconds_left"]) == ("finished", 100, 3, 0)
    first = east.get(f"{taken.headers['Location']}/rejections", limit="2").json
    rest = east.get(f"{taken.headers['Location']}/rejections", cursor=first["next_cursor"]).json
    found = first["items"] + rest["items"]
    assert [(one["line"], one["field"], one["code"]) for one in found] == [
        (102, "phone", "phone_invalid"),
        (103, "phone", "phone_invalid"),
        (104, "phone", "phone_invalid"),
    ]


def test_the_same_upload_twice_is_one_batch_and_another_file_under_its_key_is_refused(
    east: Partner, database: Database
) -> None:
    key = new_id()
    first = east.upload(csv([row(1)]), key=key)
    assert east.upload(csv([row(1)]), key=key).json == first.json
    other = east.upload(csv([row(2)]), key=key)
    assert (other.status_code, problem(other)) == (422, "idempotency-key-reused")
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM batches") == (1,)


@pytest.mark.parametrize(("name", "value"), [("rows", "2"), ("sha256", "0" * 64)])
def test_a_cut_upload_is_refused(east: Partner, name: str, value: str) -> None:
    reply = east.client.post(
        "/v1/enrollment-batches",
        data=csv([row(1)]),
        content_type="text/csv",
        query_string={"product_code": PRODUCT, name: value},
        headers=east._headers(),
    )
    assert (reply.status_code, problem(answer(reply))) == (422, "not-the-declared-file")


def test_a_file_that_is_no_csv_is_refused(east: Partner) -> None:
    reply = east.upload(b"\x1f\x8b\x08\x00")
    assert (reply.status_code, problem(reply)) == (422, "unreadable-file")
    wrong_type = east.post("/v1/enrollment-batches?product_code=resident-anti-fraud", {})
    assert wrong_type.status_code == 415


def test_a_client_without_a_contract_is_told_so(app: Flask, issuer: Issuer) -> None:
    stranger = Partner(app.test_client(), issuer.token("telecom-east", tenant="telecom-north"))
    reply = stranger.post("/v1/policies", body(1))
    assert (reply.status_code, problem(reply)) == (403, "no-contract")


def test_every_error_of_enrollment_has_its_row() -> None:
    for wing in WINGS:
        kinds = {
            kind
            for kind in vars(getattr(wing, "errors", webhook_errors)).values()
            if isinstance(kind, type) and issubclass(kind, FangzhaError) and kind is not FangzhaError
        }
        assert kinds == set(wing.PROBLEMS), wing.__name__


def test_claims_and_payments_show_on_the_policy_and_a_paid_claim_keeps_the_premium(
    east: Partner, database: Database
) -> None:
    policy_id = east.post("/v1/policies", body(1)).json["policy_id"]
    with database.transaction() as tx:
        outcomes.note_claim(tx, decided(policy_id, outcome="approved", amount_fen=300_000))
        outcomes.note_payout(tx, paid(policy_id, amount_fen=300_000))
    assert east.get(f"/v1/policies/{policy_id}").json["claims"] == {"filed": 1, "approved": 1, "paid_fen": 300_000}
    east.post(f"/v1/policies/{policy_id}/cancellation", {"reason": "insured_request"})
    with database.transaction() as tx:
        assert tx.all("SELECT refund_fen FROM cancellations") == [(0,)]
