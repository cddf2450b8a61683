"""What people agreed to: the published words, who must use them, and the proof of one policy's consent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests import clock
from tests.services.enrollment.builders import PRODUCT, Answer, Partner, body, csv, load_all, row
from tests.services.enrollment.problems import problem

ZH, EN = "本人同意投保反诈骗保险。", "I agree to be insured against fraud."


def text(**changes: Any) -> dict[str, Any]:
    plain = {"text_version": "2026-01", "zh": ZH, "en": EN, "channels": ["app"], "valid_from": "2026-01-01T00:00:00Z"}
    return plain | changes


def publish(partner_manager: Partner, **changes: Any) -> Answer:
    return partner_manager.post("/v1/consent-texts", text(**changes))


def only_registered(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET consent_texts = 'registered' WHERE partner_no = 1")


def consent(**changes: str) -> dict[str, Any]:
    return {"consent": body(1)["consent"] | changes}


def test_published_words_are_read_with_their_hashes(partner_manager: Partner, east: Partner) -> None:
    published = publish(partner_manager)
    assert published.status_code == 201
    assert published.json["zh_sha256"] == hashlib.sha256(ZH.encode()).hexdigest()
    publish(partner_manager, text_version="2026-02", channels=[])
    page = east.get("/v1/consent-texts", limit="1").json
    assert page["items"] == [published.json]
    rest = east.get("/v1/consent-texts", cursor=page["next_cursor"]).json
    assert [each["text_version"] for each in rest["items"]] == ["2026-02"]


def test_published_words_never_change(partner_manager: Partner, owner: Database) -> None:
    first = publish(partner_manager)
    again = publish(partner_manager)
    assert again.json == first.json, "the same words may be said twice"
    other = publish(partner_manager, en="I agree to anything.")
    assert (other.status_code, problem(other)) == (409, "consent-text-exists")
    for change in ("UPDATE consent_texts SET en = 'x'", "DELETE FROM consent_texts"):
        with pytest.raises(psycopg2.errors.RaiseException), owner.transaction() as tx:
            tx.execute(change)


def test_a_partner_publishes_no_words(app: Any, issuer: Any) -> None:
    forged = Partner(app.test_client(), issuer.token("telecom-east", scope="partners:write"))
    assert problem(publish(forged)) == "not-staff"


def test_the_proof_of_a_consent_names_words_time_channel_and_record(
    partner_manager: Partner, east: Partner, west: Partner
) -> None:
    given = body(1)["consent"]
    policy_id = east.post("/v1/policies", body(1)).json["policy_id"]
    bare = east.get(f"/v1/policies/{policy_id}/consent").json
    assert bare["text"] is None
    published = publish(partner_manager).json
    proof = east.get(f"/v1/policies/{policy_id}/consent").json
    assert datetime.fromisoformat(proof.pop("given_at")) == datetime(2026, 2, 28, 1, 30, tzinfo=UTC)
    assert proof == {
        "policy_id": policy_id,
        "partner_id": "telecom-east",
        "text_version": "2026-01",
        "channel": "app",
        "sha256": given["sha256"],
        "text": published,
    }
    assert problem(west.get(f"/v1/policies/{policy_id}/consent")) == "unknown-policy"
    assert partner_manager.get(f"/v1/policies/{policy_id}/consent").json["sha256"] == given["sha256"]


@pytest.fixture
def clients(partner_manager: Partner, east: Partner, west: Partner) -> tuple[Partner, Partner, Partner]:
    return partner_manager, east, west


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"text_version": "2025-99"}, "/consent/text_version"),
        ({"channel": "sms"}, "/consent/channel"),
        ({"given_at": "2025-12-31T23:59:59Z"}, "/consent/given_at"),
    ],
)
def test_a_contract_may_accept_published_words_alone(
    clients: tuple[Partner, Partner, Partner], database: Database, changes: dict[str, str], pointer: str
) -> None:
    partner_manager, east, west = clients
    publish(partner_manager)
    only_registered(database)
    refused = east.post("/v1/policies", body(1, **consent(**changes)))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)
    assert east.post("/v1/policies", body(1)).status_code == 201
    assert west.post("/v1/policies", body(2, **consent(**changes))).status_code == 201, "this contract takes any"


def test_rows_of_a_file_are_held_against_the_published_words_too(
    partner_manager: Partner, east: Partner, database: Database, vault: Vault
) -> None:
    publish(partner_manager)
    only_registered(database)
    rows = [
        row(1, effective_date=""),
        row(2, effective_date="", consent_text_version="2025-99"),
        row(3, effective_date="", consent_channel="sms"),
        row(4, effective_date="", consent_given_at="2025-12-31T23:59:59Z"),
    ]
    now = clock.now()
    with database.transaction() as tx:
        batch = receive_batch(
            tx, [csv(rows)], PRODUCT, Declared(None, None), tenant="telecom-east", actor="test", vault=vault, now=now
        )
    load_all(database, vault, now=now)
    rejected = east.get(f"/v1/enrollment-batches/{batch.batch_id}/rejections").json["items"]
    assert [(each["line"], each["code"]) for each in rejected] == [
        (3, "consent_text_unknown"),
        (4, "consent_channel_unknown"),
        (5, "consent_before_text"),
    ]


def test_who_comes_back_after_an_opt_out_agrees_to_published_words_too(
    partner_manager: Partner, east: Partner, database: Database
) -> None:
    publish(partner_manager)
    only_registered(database)
    person = {key: body(1)["insured"][key] for key in ("document_type", "document_number")}
    east.post("/v1/opt-outs", {"document": person, "channel": "app"})
    anew = body(1)["consent"] | {"given_at": clock.now().isoformat(), "text_version": "2025-99"}
    refused = east.post("/v1/opt-outs/lift", {"document": person, "consent": anew})
    assert refused.json["errors"][0]["pointer"] == "/consent/text_version"
    accepted = east.post("/v1/opt-outs/lift", {"document": person, "consent": anew | {"text_version": "2026-01"}})
    assert accepted.status_code == 200
