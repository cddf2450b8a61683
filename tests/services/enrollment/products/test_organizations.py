"""Organizations and products that ask for more than a row: enrolled one by one, priced by their risk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.enrollment.products.store import products
from services.enrollment.products.usecases.decide_draft import approve_draft
from services.enrollment.products.usecases.propose_product import propose_product
from shared.db.pool import Database
from shared.events.policies import PoliciesEnrolled
from shared.values.ids import ProductCode
from tests import clock
from tests.services.enrollment.builders import Partner, body, csv, faults, row
from tests.services.enrollment.products.organizations import (
    MODELS,
    SAFE,
    bias,
    code_of,
    cyber,
    order,
    pointers,
    problem,
)


def announced(database: Database) -> list[PoliciesEnrolled]:
    with database.transaction() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE type = 'policies.enrolled' ORDER BY id")
    return [msgspec.json.decode(each[0], type=PoliciesEnrolled) for each in rows]


def test_an_organization_is_covered_at_the_premium_of_its_grade(
    east: Partner, database: Database, environ: dict[str, str]
) -> None:
    quoted = east.post(
        "/v1/quotes", {"product_code": "enterprise-cyber", "insured_kind": "organization", "answers": SAFE}
    ).json
    reply = east.post("/v1/policies", cyber(1))
    assert reply.status_code == 201, reply.text
    assert reply.json["premium_fen"] == quoted["premium_fen"] == 960_000
    assert reply.json["insured"]["document_type"] == "unified_social_credit_code"
    assert code_of(1) not in reply.text
    schedule = east.get(f"{reply.headers['Location']}/schedule").json
    assert schedule == {
        "policy_id": reply.json["policy_id"],
        "answers": SAFE,
        "points": 8,
        "grade": "A",
        "rate_percent": 80,
        "scheduled_items": [],
        "retroactive_date": None,
    }
    (event,) = announced(database)
    assert event.premium_fen == 960_000
    assert event.policies.retroactive_from is None
    with database.transaction() as tx:
        assert tx.one("SELECT premium_fen, tax_fen FROM policy_chunks") == (960_000, 54_340)
    assert faults(database, environ) == []


def test_an_organization_holds_a_product_once_whichever_partner_asks(east: Partner, west: Partner) -> None:
    assert east.post("/v1/policies", cyber(1)).status_code == 201
    again = west.post("/v1/policies", cyber(1))
    assert (again.status_code, problem(again)) == (409, "already-covered")
    assert west.post("/v1/policies", bias(1)).status_code == 201


def test_a_claims_made_policy_lists_its_models_and_reaches_back_to_its_retroactive_date(
    east: Partner, database: Database
) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    wanted = tomorrow - timedelta(days=100)
    reply = east.post("/v1/policies", bias(1, effective_date=tomorrow.isoformat(), retroactive_date=wanted.isoformat()))
    assert reply.status_code == 201, reply.text
    assert reply.json["premium_fen"] == 1_750_000
    schedule = east.get(f"{reply.headers['Location']}/schedule").json
    assert (schedule["scheduled_items"], schedule["grade"]) == (MODELS, "B")
    assert schedule["retroactive_date"] == wanted.isoformat()
    (event,) = announced(database)
    assert event.policies.retroactive_from is not None
    (starts,), (reaches,) = event.policies.effective_from, event.policies.retroactive_from
    assert starts - reaches == timedelta(days=100)
    assert event.policies.items == [["ranker/7", "scorer"]]


def test_without_a_wish_a_claims_made_policy_reaches_back_as_far_as_its_product_allows(
    east: Partner, database: Database
) -> None:
    assert east.post("/v1/policies", bias(1)).status_code == 201
    (event,) = announced(database)
    assert event.policies.retroactive_from is not None
    (starts,), (reaches,) = event.policies.effective_from, event.policies.retroactive_from
    assert starts - reaches == timedelta(days=730)


def days_from_now(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("request_body", "expected"),
    [
        (lambda: cyber(1, answers={}), [f"/answers/{code}" for code in SAFE]),
        (lambda: cyber(1, answers=SAFE | {"backups": "none"}), ["/answers/backups"]),
        (lambda: cyber(1, scheduled_items=MODELS), ["/scheduled_items"]),
        (lambda: cyber(1, retroactive_date=days_from_now(-10)), ["/retroactive_date"]),
        (lambda: bias(1, scheduled_items=[]), ["/scheduled_items"]),
        (lambda: bias(1, scheduled_items=[MODELS[0], MODELS[0]]), ["/scheduled_items/1/reference"]),
        (lambda: bias(1, scheduled_items=[{"reference": "=cmd", "name": "x"}]), ["/scheduled_items/0/reference"]),
        (
            lambda: bias(1, scheduled_items=[{"reference": "a", "name": "Model of 13912345678"}]),
            ["/scheduled_items/0/name"],
        ),
        (
            lambda: bias(1, scheduled_items=[{"reference": "13912345678", "name": "Model"}]),
            ["/scheduled_items/0/reference"],
        ),
        (lambda: bias(1, retroactive_date=days_from_now(-800)), ["/retroactive_date"]),
        (lambda: bias(1, retroactive_date=days_from_now(30)), ["/retroactive_date"]),
        (lambda: body(1, answers=SAFE), ["/answers"]),
        (lambda: body(1, scheduled_items=MODELS), ["/scheduled_items"]),
        (lambda: body(1, retroactive_date=days_from_now(0)), ["/retroactive_date"]),
        (lambda: body(1, product_code="enterprise-cyber", answers=SAFE), ["/insured/document_type"]),
        (lambda: order(1, "resident-anti-fraud"), ["/insured/document_type"]),
        (
            lambda: cyber(1, insured=cyber(1)["insured"] | {"document_number": code_of(1)[:-1] + "I"}),
            ["/insured/document_number"],
        ),
    ],
)
def test_what_a_product_asks_for_is_asked_and_what_it_does_not_ask_for_is_refused(
    east: Partner, database: Database, request_body: Callable[[], dict[str, Any]], expected: list[str]
) -> None:
    assert pointers(east.post("/v1/policies", request_body())) == expected
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies") == (0,)
        assert tx.one("SELECT count(*) FROM policy_schedules") == (0,)


def test_a_risk_of_a_grade_that_is_not_insured_gets_no_policy(east: Partner, database: Database) -> None:
    careless = {"yearly_revenue": "over_100_million", "second_factor": "no", "backups": "no", "past_incidents": "one"}
    refused = east.post("/v1/policies", cyber(1, answers=careless))
    assert (refused.status_code, problem(refused)) == (422, "not-insurable")
    assert announced(database) == []


def test_a_plain_persons_policy_stores_no_schedule_and_shows_an_empty_one(east: Partner, database: Database) -> None:
    location = east.post("/v1/policies", body(1)).headers["Location"]
    schedule = east.get(f"{location}/schedule").json
    assert (schedule["answers"], schedule["scheduled_items"], schedule["rate_percent"]) == ({}, [], 100)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policy_schedules") == (0,)


def test_the_insurers_staff_reads_any_partners_schedule(east: Partner, partner_manager: Partner) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    schedule = partner_manager.get(f"/v1/policies/{policy['policy_id']}/schedule")
    assert schedule.status_code == 200, schedule.text
    assert schedule.json["scheduled_items"] == MODELS
    unknown = partner_manager.get("/v1/policies/0190163d-8694-739b-aea5-966c26f8ad91/schedule")
    assert problem(unknown) == "unknown-policy"


def test_another_partners_schedule_is_unknown(east: Partner, west: Partner) -> None:
    location = east.post("/v1/policies", cyber(1)).headers["Location"]
    assert problem(west.get(f"{location}/schedule")) == "unknown-policy"


@pytest.mark.parametrize("product_code", ["enterprise-cyber", "algorithmic-bias"])
def test_a_file_enrolls_no_product_that_asks_for_more_than_a_row_tells(east: Partner, product_code: str) -> None:
    refused = east.upload(csv([row(1)]), product_code=product_code)
    assert (refused.status_code, problem(refused)) == (422, "not-sold-by-file")


def test_covers_that_share_a_loss_are_held_once_with_each_partner(
    east: Partner, west: Partner, database: Database, environ: dict[str, str]
) -> None:
    with database.transaction() as tx:
        terms = products.version(tx, ProductCode("resident-anti-fraud"), 1).terms
        clauses = terms.clauses | {"loss_paid_already": "4.6"}
        shared = msgspec.structs.replace(terms, stacking="pro_rata", clauses=clauses)
        draft = propose_product(tx, shared, begins_when_approved=True, actor="one", now=clock.now())
        approve_draft(tx, draft.draft_id, actor="another", now=clock.now())
    assert east.post("/v1/policies", body(1)).status_code == 201
    assert west.post("/v1/policies", body(1)).status_code == 201
    assert problem(east.post("/v1/policies", body(1, partner_reference="again"))) == "already-covered"
    assert [event.stacks for event in announced(database)] == [True, True]
    assert faults(database, environ) == []
