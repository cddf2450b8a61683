"""Products over HTTP: shown, compared, priced, and a new version that takes two persons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
import pytest
from flask import Flask
from structlog.testing import capture_logs

from deploy.local.issuer import Issuer
from services.enrollment.products.domain.errors import DraftDecided, DraftOutdated
from services.enrollment.products.store import products
from services.enrollment.products.usecases import shipped
from services.enrollment.products.usecases.decide_draft import approve_draft
from services.enrollment.products.usecases.propose_product import propose_product
from services.enrollment.products.usecases.publish_product import install_products
from services.enrollment.tools import INSTALLER
from shared.db.pool import Database
from shared.values.documents import code_check_character
from shared.values.errors import InvalidField
from tests.rules.enrollment.builders import SIXTH
from tests.services.enrollment.builders import NOW, PRODUCT, Answer, Partner, body, faults

CODES = ["account-theft", "algorithmic-bias", "enterprise-cyber", "resident-anti-fraud", "resident-anti-fraud-shared"]
SAFE = {
    "yearly_revenue": "under_10_million",
    "second_factor": "everywhere",
    "backups": "offline",
    "past_incidents": "none",
}


@pytest.fixture
def actuary(app: Flask, issuer: Issuer) -> Partner:
    """The second person."""
    return Partner(app.test_client(), issuer.token("actuary-chen"))


def problem(reply: Answer) -> str:
    assert reply.content_type == "application/problem+json", reply.text
    return str(reply.json["type"]).removeprefix("https://fangzha.example/problems/")


def pointers(reply: Answer) -> list[str]:
    assert reply.status_code == 422, reply.text
    return [fault["pointer"] for fault in reply.json["errors"]]


def terms_of(reader: Partner, code: str = PRODUCT, **changes: Any) -> dict[str, Any]:
    """The first version of a product, as a body that proposes the next one."""
    shown = reader.get(f"/v1/products/{code}/versions/1").json
    return {name: value for name, value in shown.items() if name not in {"product_version", "effective_from"}} | changes


def publish(proposer: Partner, approver: Partner, terms: dict[str, Any]) -> Answer:
    draft = proposer.post("/v1/product-drafts", terms)
    assert draft.status_code == 201, draft.text
    return approver.post(f"{draft.headers['Location']}/approval", None)


def test_a_version_that_costs_less_than_a_partner_keeps_of_it_is_not_approved(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    dear, cheap = (
        product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=premium)).headers["Location"]
        for premium in (50, 49)
    )
    refused = actuary.post(f"{cheap}/approval", None)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/premium_fen")
    assert "telecom-west" in refused.json["errors"][0]["detail"]
    assert actuary.post(f"{dear}/approval", None).status_code == 201, "a fee of 50 fen is all of it"


def test_the_products_are_listed_with_all_their_terms(east: Partner) -> None:
    listed = east.get("/v1/products").json["items"]
    assert [each["product_code"] for each in listed] == CODES
    cyber = next(each for each in listed if each["product_code"] == "enterprise-cyber")
    assert [each["code"] for each in cyber["liabilities"]] == [
        "incident_response",
        "business_interruption",
        "funds_transfer_fraud",
        "data_liability",
    ]
    assert cyber["rating"]["grades"][-1] == {"grade": "D", "from_points": 70, "rate_percent": None}
    assert east.get("/v1/products/enterprise-cyber/versions/1").json == cyber
    missing = east.get("/v1/products/enterprise-cyber/versions/2")
    assert (missing.status_code, problem(missing)) == (404, "unknown-product-version")


def test_what_is_proposed_is_sold_only_after_another_person_approved_it(
    east: Partner, product_manager: Partner, actuary: Partner, database: Database, environ: dict[str, str]
) -> None:
    old = east.post("/v1/policies", body(1)).json
    draft = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500))
    assert (draft.status_code, draft.json["state"], draft.json["product_version"]) == (201, "proposed", 2)
    assert [(each["term"], each["zh"]) for each in draft.json["changes"]] == [
        ("premium_fen", "保费:由“12.00 元”改为“15.00 元”。")
    ]
    assert any("15.00 yuan" in words["en"] for words in draft.json["explanation"])
    assert east.post("/v1/policies", body(2)).json["premium_fen"] == 1200
    approved = actuary.post(f"{draft.headers['Location']}/approval", None)
    assert (approved.status_code, approved.json["state"]) == (201, "approved")
    assert (approved.json["proposed_by"], approved.json["decided_by"]) == ("product-manager", "actuary-chen")
    new = east.post("/v1/policies", body(3)).json
    assert (new["product_version"], new["premium_fen"]) == (2, 1500)
    assert (old["product_version"], old["premium_fen"]) == (1, 1200)
    assert east.get(f"/v1/products/{PRODUCT}/versions/2").json == approved.json["terms"]
    with database.transaction() as tx:
        assert tx.all(
            "SELECT body::jsonb ->> 'premium_fen' FROM outbox WHERE type = 'products.published' AND subject = %s"
            " ORDER BY id",
            (PRODUCT,),
        ) == [("1200",), ("1500",)]
        actions = tx.all(
            "SELECT actor, action FROM audit_log WHERE action LIKE 'product.%' ORDER BY number DESC LIMIT 2"
        )
    assert actions == [("actuary-chen", "product.published"), ("product-manager", "product.proposed")]
    assert faults(database, environ) == []


def test_nobody_approves_their_own_draft(product_manager: Partner, east: Partner, actuary: Partner) -> None:
    draft = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500)).headers["Location"]
    refused = product_manager.post(f"{draft}/approval", None)
    assert (refused.status_code, problem(refused)) == (409, "second-person-needed")
    assert product_manager.get(draft).json["state"] == "proposed"
    assert actuary.post(f"{draft}/approval", None).status_code == 201
    again = actuary.post(f"{draft}/approval", None)
    assert (again.status_code, problem(again)) == (409, "draft-decided")


def test_the_database_itself_wants_two_persons(east: Partner, product_manager: Partner, database: Database) -> None:
    draft = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500)).json["draft_id"]
    decide = "UPDATE product_drafts SET state = 'approved', decided_at = now(), decided_by = %s WHERE draft_id = %s"
    with (
        pytest.raises(psycopg2.errors.CheckViolation, match="approved_by_a_second_person"),
        database.transaction() as tx,
    ):
        tx.execute(decide, ("product-manager", draft))
    copy = """INSERT INTO product_versions (product_id, version, terms, published_at, published_by, event_id)
              SELECT product_id, 2, terms, now(), 'product-manager', gen_random_uuid() FROM product_versions LIMIT 1"""
    with pytest.raises(psycopg2.errors.CheckViolation, match="published by two persons"), database.transaction() as tx:
        tx.execute(copy)
    for change in ("terms = '{}'", "proposed_by = 'somebody'", "based_on = 7"):
        with pytest.raises(psycopg2.errors.RaiseException, match="one decision alone"), database.transaction() as tx:
            tx.execute(f"UPDATE product_drafts SET {change}")
    with pytest.raises(psycopg2.errors.RaiseException, match="one decision alone"), database.transaction() as tx:
        tx.execute("DELETE FROM product_drafts")


def test_a_rejected_draft_keeps_its_reason_and_is_never_sold(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    draft = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1)).headers["Location"]
    rejected = actuary.post(f"{draft}/rejection", {"reason": "No premium for this cover."})
    assert (rejected.status_code, rejected.json["state"]) == (201, "rejected")
    assert rejected.json["reason"] == "No premium for this cover."
    assert problem(actuary.post(f"{draft}/approval", None)) == "draft-decided"
    assert problem(actuary.post(f"{draft}/rejection", {"reason": "Twice."})) == "draft-decided"
    assert problem(east.get(f"/v1/products/{PRODUCT}/versions/2")) == "unknown-product-version"
    waiting = actuary.get("/v1/product-drafts", state="proposed").json["items"]
    assert waiting == []
    (listed,) = actuary.get("/v1/product-drafts", product_code=PRODUCT).json["items"]
    assert (listed["state"], listed["decided_by"]) == ("rejected", "actuary-chen")


def test_who_proposed_a_draft_may_take_it_back(east: Partner, product_manager: Partner) -> None:
    draft = product_manager.post("/v1/product-drafts", terms_of(east)).headers["Location"]
    assert product_manager.post(f"{draft}/rejection", {"reason": "A slip."}).json["state"] == "rejected"


def test_a_draft_that_was_compared_with_an_older_version_is_not_approved(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    first = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500)).headers["Location"]
    second = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1600)).headers["Location"]
    assert actuary.post(f"{first}/approval", None).status_code == 201
    refused = actuary.post(f"{second}/approval", None)
    assert (refused.status_code, problem(refused)) == (409, "draft-outdated")


def test_a_version_begins_when_its_terms_say_and_never_in_the_past(
    east: Partner, product_manager: Partner, actuary: Partner, database: Database, owner: Database
) -> None:
    past = product_manager.post("/v1/product-drafts", terms_of(east, effective_from="2026-01-02T00:00:00+08:00"))
    assert pointers(past) == ["/effective_from"]
    later = publish(
        product_manager, actuary, terms_of(east, premium_fen=1900, effective_from="2199-01-01T00:00:00+08:00")
    )
    assert later.json["terms"]["effective_from"] == "2198-12-31T16:00:00Z"
    assert east.post("/v1/policies", body(1)).json["premium_fen"] == 1200
    waiting = product_manager.post(
        "/v1/product-drafts", terms_of(east, premium_fen=8, effective_from="2199-01-01T00:00:00+08:00")
    ).json["draft_id"]
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE product_drafts DISABLE TRIGGER USER")
        tx.execute(
            "UPDATE product_drafts SET terms = jsonb_set(terms, '{effective_from}', '\"2026-02-01T00:00:00Z\"')"
            " WHERE draft_id = %s",
            (waiting,),
        )
    late = actuary.post(f"/v1/product-drafts/{waiting}/approval", None)
    assert (late.status_code, problem(late)) == (409, "draft-too-late")


def test_a_draft_that_is_sold_from_its_approval_on_says_so_until_it_is_and_then_since_when(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    draft = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500))
    location = draft.headers["Location"]
    waiting = actuary.get(location).json
    assert waiting["terms"]["effective_from"] is None
    assert "自批准之时起销售" in waiting["explanation"][0]["zh"]
    assert "sold from its approval on" in waiting["explanation"][0]["en"]
    assert actuary.post(f"{location}/approval", None).status_code == 201
    published = east.get(f"/v1/products/{PRODUCT}/versions/2").json
    approved = actuary.get(location).json
    assert approved["terms"] == published
    assert "sold from 2" in approved["explanation"][0]["en"]
    assert "effective_from" in {change["term"] for change in approved["changes"]}


def test_a_version_that_begins_before_one_that_waits_says_that_the_waiting_one_is_never_sold(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    assert (
        publish(
            product_manager, actuary, terms_of(east, premium_fen=1100, effective_from="2199-01-01T00:00:00+08:00")
        ).json["never_sold"]
        == []
    )
    later = product_manager.post("/v1/product-drafts", terms_of(east, effective_from="2199-01-02T00:00:00+08:00"))
    assert later.json["never_sold"] == []
    at_once = product_manager.post("/v1/product-drafts", terms_of(east, premium_fen=1500))
    said = {
        "zh": "第 2 版已公布、原定自 2199-01-01 起销售,将被本版取代而不再销售。",
        "en": "Version 2, published to be sold from 2199-01-01, gives way to this one and is never sold.",
    }
    assert actuary.get(at_once.headers["Location"]).json["never_sold"] == [said]
    assert actuary.post(f"{at_once.headers['Location']}/approval", None).json["never_sold"] == [said]
    rejected = actuary.post(f"{later.headers['Location']}/rejection", {"reason": "Too late."})
    assert rejected.json["never_sold"] == []


def test_a_product_is_withdrawn_by_a_version_that_ends(
    east: Partner, product_manager: Partner, actuary: Partner, database: Database
) -> None:
    assert (
        publish(product_manager, actuary, terms_of(east, effective_to="2199-01-01T00:00:00+08:00")).status_code == 201
    )
    assert east.post("/v1/policies", body(1)).status_code == 201
    with database.transaction() as tx:
        assert products.sold_now(tx, PRODUCT, datetime(2198, 12, 31, tzinfo=UTC)) is not None
        assert products.sold_now(tx, PRODUCT, datetime(2199, 1, 1, tzinfo=UTC)) is None


def test_terms_that_contradict_themselves_are_refused_with_every_fault_named(
    east: Partner, product_manager: Partner
) -> None:
    wrong = terms_of(east, waiting_days=400, age_min=90, scam_types={"moon_fraud": {"cover": "covered"}})
    reply = product_manager.post("/v1/product-drafts", wrong)
    assert {"/waiting_days", "/age_max", "/scam_types/moon_fraud", "/scam_types/romance"} <= set(pointers(reply))
    nested = terms_of(east, "enterprise-cyber")
    nested["liabilities"][2]["event_limit_fen"] = 10**11
    nested["rating"]["grades"][1]["from_points"] = 0
    reply = product_manager.post("/v1/product-drafts", nested)
    assert pointers(reply) == [
        "/liabilities/2/event_limit_fen",
        "/liabilities/2/event_limit_fen",
        "/rating/grades/1/from_points",
    ]
    assert product_manager.get("/v1/product-drafts").json["items"] == []


def test_partners_see_products_and_no_drafts_and_only_product_people_make_them(
    east: Partner, product_manager: Partner
) -> None:
    assert problem(east.post("/v1/product-drafts", {})) == "scope-missing"
    assert problem(east.get("/v1/product-drafts")) == "scope-missing"
    assert problem(product_manager.post("/v1/policies", body(1))) == "scope-missing"
    assert problem(product_manager.get("/v1/product-drafts/0190163d-8694-739b-aea5-966c26f8ad91")) == "unknown-draft"


def test_a_new_line_of_business_is_sold_without_a_change_of_code(
    east: Partner, product_manager: Partner, actuary: Partner
) -> None:
    terms = terms_of(
        east, "account-theft", product_code="parcel-loss", name_zh="包裹损失保险", name_en="Parcel loss cover"
    )
    terms |= {"line_of_business": "parcels", "premium_fen": 250}
    terms["liabilities"][0] |= {"code": "lost_parcel", "name_zh": "包裹丢失", "name_en": "Lost parcel"}
    published = publish(product_manager, actuary, terms)
    assert (published.status_code, published.json["product_version"]) == (201, 1)
    assert published.json["changes"] == []
    assert east.post("/v1/quotes", {"product_code": "parcel-loss"}).json["premium_fen"] == 250


def test_a_sixth_file_is_all_that_it_takes_to_sell_another_product(
    east: Partner, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "drone-operators.1.json").write_bytes(msgspec.json.encode(SIXTH))
    with database.transaction() as tx:
        install_products(tx, shipped.products(tmp_path), actor=INSTALLER, now=NOW)
        tx.execute("INSERT INTO partner_products SELECT partner_no, 'drone-operators' FROM partners")
    risk = {
        "answers": {"training": "no"},
        "scheduled_items": [{"reference": "d-1", "name": "Mapper"}, {"reference": "d-2", "name": "Sprayer"}],
    }
    asked = {"product_code": "drone-operators", **risk}
    assert east.post("/v1/quotes", asked | {"insured_kind": "organization"}).json["premium_fen"] == 165_000
    insured = body(1)["insured"] | {
        "document_type": "unified_social_credit_code",
        "document_number": "91000001MA0000001" + code_check_character("91000001MA0000001"),
    }
    policy = east.post("/v1/policies", body(1, **asked, insured=insured))
    assert (policy.status_code, policy.json["premium_fen"]) == (201, 165_000)


def test_a_shipped_file_that_disagrees_with_what_is_sold_is_named_and_changes_nothing(database: Database) -> None:
    with database.transaction() as tx:
        sold = products.version(tx, PRODUCT, 1).terms
        dearer = msgspec.structs.replace(sold, premium_fen=9_900)
        with capture_logs() as logged:
            assert install_products(tx, [dearer], actor=INSTALLER, now=NOW) == []
            install_products(tx, [sold], actor=INSTALLER, now=NOW)
        assert products.version(tx, PRODUCT, 1).terms == sold
    assert [(each["event"], each["file"], each["log_level"]) for each in logged] == [
        ("shipped_product_differs", "resident-anti-fraud.1.json", "warning")
    ]
    assert logged[0]["changes"] == ["premium_fen"]


@pytest.mark.parametrize("number", [0, 3])
def test_a_shipped_file_whose_number_follows_no_version_stops_the_installation(database: Database, number: int) -> None:
    with pytest.raises(InvalidField, match=f"version {number} of resident-anti-fraud"), database.transaction() as tx:
        sold = products.version(tx, PRODUCT, 1).terms
        install_products(tx, [msgspec.structs.replace(sold, product_version=number)], actor=INSTALLER, now=NOW)


def test_of_drafts_that_are_approved_at_once_one_becomes_the_next_version(database: Database) -> None:
    with database.transaction() as tx:
        terms = products.version(tx, PRODUCT, 1).terms
        drafts = [
            propose_product(tx, terms, begins_when_approved=True, actor="one", now=NOW).draft_id for _ in range(3)
        ]

    def approve(draft_id: str) -> str:
        try:
            with database.transaction() as tx:
                return approve_draft(tx, draft_id, actor="another", now=NOW).state
        except (DraftOutdated, DraftDecided) as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(approve, [*drafts, drafts[0]]))
    assert outcomes.count("approved") == 1
    assert set(outcomes) <= {"approved", "DraftOutdated", "DraftDecided"}
    with database.transaction() as tx:
        assert products.newest(tx, PRODUCT) == 2


def test_two_versions_are_compared_in_sentences(east: Partner, product_manager: Partner, actuary: Partner) -> None:
    publish(product_manager, actuary, terms_of(east, waiting_days=3, effective_from="2199-01-01T00:00:00+08:00"))
    found = east.get(f"/v1/products/{PRODUCT}/versions/1/comparison", **{"with": "2"}).json
    assert (found["from_version"], found["to_version"]) == (1, 2)
    assert found["changes"] == [
        {
            "term": "effective_from",
            "zh": "起售时间:由“2026-01-01”改为“2199-01-01”。",
            "en": "Sold from: from “2026-01-01” to “2199-01-01”.",
        },
        {
            "term": "waiting_days",
            "zh": "等待期:由“7 天”改为“3 天”。",
            "en": "Waiting period: from “7 days” to “3 days”.",
        },
    ]
    unknown = east.get(f"/v1/products/{PRODUCT}/versions/1/comparison", **{"with": "9"})
    assert problem(unknown) == "unknown-product-version"


@pytest.mark.parametrize("product", shipped.products(), ids=lambda product: product.product_code)
def test_every_shipped_product_is_quoted_and_its_parts_are_its_premium(east: Partner, product: Any) -> None:
    questions = product.rating.questions if product.rating else []
    request = {
        "product_code": product.product_code,
        "insured_kind": product.insured_kind,
        "answers": {each.code: min(each.points, key=each.points.__getitem__) for each in questions},
        "scheduled_items": [{"reference": "m-1", "name": "Ranking"}] if product.scheduled_items else [],
    }
    quoted = east.post("/v1/quotes", request)
    assert quoted.status_code == 200
    assert sum(part["amount_fen"] for part in quoted.json["parts"]) == quoted.json["premium_fen"] > 0
    assert quoted.json["tax_fen"] < quoted.json["premium_fen"]


def test_a_quote_says_how_its_premium_comes_about(east: Partner) -> None:
    answers = {"field_of_use": "pricing", "bias_audit": "once", "human_review": "always"}
    items = [{"reference": f"m-{n}", "name": f"Model {n}"} for n in range(3)]
    quoted = east.post(
        "/v1/quotes",
        {
            "product_code": "algorithmic-bias",
            "insured_kind": "organization",
            "answers": answers,
            "scheduled_items": items,
        },
    ).json
    assert (quoted["premium_fen"], quoted["tax_fen"], quoted["points"], quoted["grade"]) == (
        2_125_000,
        120_283,
        30,
        "B",
    )
    assert [(part["code"], part["amount_fen"]) for part in quoted["parts"]] == [
        ("base", 800_000),
        ("scheduled_items", 900_000),
        ("grade", 425_000),
    ]


def test_a_risk_that_is_not_insurable_or_not_told_whole_is_no_quote(east: Partner) -> None:
    ask = {"product_code": "enterprise-cyber", "insured_kind": "organization"}
    careless = {
        "yearly_revenue": "over_100_million",
        "second_factor": "no",
        "backups": "no",
        "past_incidents": "several",
    }
    refused = east.post("/v1/quotes", ask | {"answers": careless})
    assert (refused.status_code, problem(refused)) == (422, "not-insurable")
    assert "grade D" in refused.json["detail"]
    assert pointers(east.post("/v1/quotes", ask)) == [f"/answers/{code}" for code in SAFE]
    assert pointers(east.post("/v1/quotes", ask | {"answers": SAFE, "insured_kind": "person"})) == ["/insured_kind"]
    assert problem(east.post("/v1/quotes", {"product_code": "moon-cover"})) == "product-not-sold"


def test_a_partner_with_the_rights_to_products_is_still_no_staff(app: Flask, issuer: Issuer, east: Partner) -> None:
    scopes = "products:read product-drafts:read product-drafts:write product-drafts:decide"
    forged = Partner(app.test_client(), issuer.token("telecom-east", scope=scopes))
    draft = "/v1/product-drafts/0190163d-8694-739b-aea5-966c26f8ad91"
    for reply in (
        forged.post("/v1/product-drafts", terms_of(east)),
        forged.get("/v1/product-drafts"),
        forged.get(draft),
        forged.post(f"{draft}/approval", None),
        forged.post(f"{draft}/rejection", {"reason": "no"}),
    ):
        assert (reply.status_code, problem(reply)) == (403, "not-staff")
