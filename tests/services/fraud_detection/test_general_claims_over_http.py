"""Liabilities and territory as a channel meets them over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import clock
from tests.services.fraud_detection.builders import Caller, World, claim_body
from tests.services.fraud_detection.insured import insure, shipped

Callers = Callable[[str], Caller]


def cyber_claim(world: World, **changes: Any) -> dict[str, Any]:
    """A claim of an organization under the cyber cover; ``None`` takes a field of the body out."""
    insured = insure(world, shipped("enterprise-cyber"))
    loss = {"scam_type": None, **changes.pop("loss", {})}
    claimant = {
        "document_type": insured.claimant.document_type,
        "document_number": insured.claimant.document_number,
        "phone": insured.claimant.phone,
    }
    person = world.person()
    body = claim_body(person, policy_id=insured.policy_id, claimant=claimant, loss=loss, **changes)
    return {name: value for name, value in body.items() if value is not None}


def test_an_organization_claims_under_a_liability_and_finds_it_on_its_claim(world: World, caller: Callers) -> None:
    body = cyber_claim(world, liability="incident_response", loss={"territory": "CN"})
    filed = caller("mobile-backend").post("/v1/claims", body)
    assert filed.status_code == 202, filed.text
    assert filed.json["liability"] == "incident_response"
    claim = world.claim(filed.json["claim_id"])
    world.decide(claim)
    case = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json
    assert (case["loss"]["liability"], case["loss"]["territory"]) == ("incident_response", "CN")
    assert case["cover"]["reserved_by_liability_fen"] == {}
    assert [each["code"] for each in case["exclusions"]] == [
        "own_crime",
        "war_and_state_attack",
        "infrastructure_outage",
        "improvement",
    ]


@pytest.mark.parametrize("liability", [None, "fraud_loss", "ransom"])
def test_a_product_of_several_liabilities_asks_for_one_and_lists_them(
    world: World, caller: Callers, liability: str | None
) -> None:
    answer = caller("mobile-backend").post("/v1/claims", cyber_claim(world, liability=liability))
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert fault["pointer"] == "/liability"
    for code in ("incident_response", "business_interruption", "funds_transfer_fraud", "data_liability"):
        assert code in fault["fix"]


def test_a_product_of_one_cover_takes_no_other(world: World, caller: Callers) -> None:
    answer = caller("mobile-backend").post("/v1/claims", claim_body(world.covered(), liability="ransom"))
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert (fault["pointer"], fault["fix"]) == ("/liability", "Send one of: fraud_loss.")
    named = caller("mobile-backend").post("/v1/claims", claim_body(world.covered(), liability="fraud_loss"))
    assert (named.status_code, named.json["liability"]) == (202, "fraud_loss")


def test_a_scam_type_may_be_left_out_only_where_the_cover_does_not_depend_on_it(world: World, caller: Callers) -> None:
    mobile = caller("mobile-backend")
    for body in (
        claim_body(world.covered(), loss={"scam_type": None}),
        cyber_claim(world, liability="funds_transfer_fraud"),
    ):
        answer = mobile.post("/v1/claims", body)
        assert answer.status_code == 422
        (fault,) = answer.json["errors"]
        assert fault["pointer"] == "/loss/scam_type"
        assert "fake_police" in fault["fix"]
    assert mobile.post("/v1/claims", cyber_claim(world, liability="data_liability")).status_code == 202


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"loss": {"territory": "China"}}, "/loss/territory"),
        ({"loss": {"territory": "cn"}}, "/loss/territory"),
        ({"liability": "Ransom; DROP TABLE"}, "/liability"),
    ],
)
def test_what_is_no_code_names_its_field(world: World, caller: Callers, changes: dict[str, Any], pointer: str) -> None:
    answer = caller("mobile-backend").post("/v1/claims", claim_body(world.covered(), **changes))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_a_claim_that_comes_before_its_products_terms_is_decided_by_them_later(world: World, caller: Callers) -> None:
    body = cyber_claim(world, liability="ransom")
    world.rows("DELETE FROM products RETURNING 1")
    filed = caller("mobile-backend").post("/v1/claims", body)
    assert filed.status_code == 202
    insure(world, shipped("enterprise-cyber"))
    world.run_timers(clock.now())
    claim = world.claim(filed.json["claim_id"])
    assert world.decide(claim) == "refusal_proposed"
    (item,) = caller("reviewer-li").get("/v1/reviews").json["items"]
    assert [(each["code"], each["clause"]) for each in item["rule_failures"]] == [("liability_not_covered", "3.1")]
