"""What claims under each shipped product come to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.reviews.domain.errors import CoverRuleStands
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import World, champion
from tests.services.fraud_detection.insured import approved, at, file, insure, papers, shipped, told, why

YUAN = 100
END = START + timedelta(days=365)


def test_the_resident_cover_repays_a_loss_up_to_fifty_thousand_yuan(world: World) -> None:
    insured = insure(world, shipped("resident-anti-fraud"))
    claim = file(world, insured, amount_fen=80_000 * YUAN)
    assert world.decide(claim) == "approved"
    assert approved(world, claim) == 50_000 * YUAN


def test_the_resident_cover_asks_a_person_where_the_model_doubts(world: World) -> None:
    claim = file(world, insure(world, shipped("resident-anti-fraud")))
    assert world.decide(claim, by=champion(0.9)) == "review"
    assert why(world, claim) == "score"


def test_the_resident_cover_proposes_to_refuse_what_its_matrix_excludes(world: World) -> None:
    claim = file(world, insure(world, shipped("resident-anti-fraud")), scam_type="illegal_online")
    assert world.decide(claim) == "refusal_proposed"
    assert told(world, claim) == [("scam_type_excluded", "3.2")]


def test_the_shared_form_pays_seventy_percent_above_three_thousand_yuan(world: World) -> None:
    insured = insure(world, shipped("resident-anti-fraud-shared"))
    claim = file(world, insured, amount_fen=13_000 * YUAN)
    assert world.decide(claim) == "approved"
    assert approved(world, claim) == 7_000 * YUAN
    small = file(world, insured, amount_fen=3_000 * YUAN, **at(LOSS + timedelta(days=20)))
    assert world.decide(small) == "refusal_proposed"
    assert told(world, small) == [("below_deductible", "4.2")]


def test_the_account_theft_form_pays_a_theft_of_whatever_scam_type(world: World) -> None:
    insured = insure(world, shipped("account-theft"))
    claim = file(world, insured, liability="account_theft", scam_type=None, amount_fen=5_000 * YUAN)
    assert world.decide(claim) == "approved"
    assert approved(world, claim) == 4_900 * YUAN
    bare = file(
        world,
        insured,
        liability="account_theft",
        amount_fen=7_777 * YUAN,
        scam_type=None,
        evidence=papers("chat_record"),
        **at(LOSS + timedelta(days=9)),
    )
    assert world.decide(bare) == "documents_requested"
    assert told(world, bare) == [("evidence_missing", "5.3")]


def test_the_account_theft_form_does_not_pay_for_what_the_insured_transferred(world: World) -> None:
    claim = file(world, insure(world, shipped("account-theft")), liability="account_theft")
    assert world.decide(claim, by=champion(0.9)) == "review"
    assert world.review(claim.claim_id, "refuse", found="own_transfer") == "refused"


def test_the_cyber_cover_decides_each_liability_by_its_own_terms_and_a_person_approves(world: World) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    claim = file(
        world,
        insured,
        liability="business_interruption",
        scam_type=None,
        amount_fen=250_000 * YUAN,
        evidence=papers("incident_report"),
    )
    assert world.decide(claim) == "review"
    assert why(world, claim) == "organization"
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    # 50,000 yuan are borne by the insured, and of the rest one tenth.
    assert approved(world, claim) == 180_000 * YUAN
    assert world.rows("SELECT liability, annual_limit_fen, reserved_fen FROM liability_use") == [
        ("business_interruption", 1_000_000 * YUAN, 180_000 * YUAN)
    ]
    assert world.rows("SELECT annual_limit_fen, reserved_fen FROM limit_use") == [(3_000_000 * YUAN, 180_000 * YUAN)]
    event = world.events("claims.decided")[-1]
    assert (event["amount_fen"], event["cover_limit_fen"]) == (180_000 * YUAN, 1_000_000 * YUAN)


def test_the_cyber_cover_asks_for_the_evidence_of_the_liability(world: World) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    claim = file(
        world,
        insured,
        liability="data_liability",
        scam_type=None,
        amount_fen=90_000 * YUAN,
        evidence=papers("incident_report"),
    )
    assert world.decide(claim) == "documents_requested"
    ((failures,),) = world.rows("SELECT failures FROM decisions")
    assert "第三方索赔函" in failures[0]["text_zh"]
    assert "third party's written claim" in failures[0]["text_en"]
    assert "invoice" not in failures[0]["text_en"]


def test_the_cyber_cover_has_a_scam_matrix_for_transfers_alone(world: World) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    transfer: dict[str, Any] = {"liability": "funds_transfer_fraud", "amount_fen": 90_000 * YUAN}
    romance = file(world, insured, scam_type="romance", **transfer)
    assert world.decide(romance) == "refusal_proposed"
    assert told(world, romance) == [("scam_type_excluded", "3.2")]
    police = file(world, insured, scam_type="fake_police", **transfer, **at(LOSS + timedelta(days=9)))
    assert world.decide(police) == "review"


def test_the_cyber_cover_ends_at_the_border(world: World) -> None:
    claim = file(
        world,
        insure(world, shipped("enterprise-cyber")),
        liability="incident_response",
        scam_type=None,
        territory="US",
        amount_fen=90_000 * YUAN,
        evidence=papers("incident_report", "invoice"),
    )
    assert world.decide(claim) == "refusal_proposed"
    ((code, clause),) = told(world, claim)
    assert code == "outside_territory"
    assert clause[0].isdigit()


@pytest.mark.parametrize(
    ("liability", "excluded", "known"),
    [
        ("business_interruption", "planned_downtime", True),
        ("business_interruption", "war_and_state_attack", True),
        ("business_interruption", "improvement", False),
    ],
    ids=["its own", "the product's", "another liability's"],
)
def test_a_person_refuses_by_an_exclusion_of_the_claimed_liability(
    world: World, liability: str, excluded: str, *, known: bool
) -> None:
    claim = file(
        world,
        insure(world, shipped("enterprise-cyber")),
        liability=liability,
        scam_type=None,
        amount_fen=250_000 * YUAN,
        evidence=papers("incident_report"),
    )
    world.decide(claim)
    try:
        outcome = world.review(claim.claim_id, "refuse", found=excluded)
    except Exception as error:  # noqa: BLE001  which one it is stands below
        outcome = type(error).__name__  # type: ignore[assignment]
    assert outcome == ("refused" if known else "InvalidFields")


BIAS: dict[str, Any] = {
    "liability": "third_party_compensation",
    "scam_type": None,
    "amount_fen": 150_000 * YUAN,
    "item_reference": "scorer",
}


def bias_claim(world: World, *, act: Any, made: Any, **changes: Any) -> Any:
    insured = insure(world, shipped("algorithmic-bias"), retroactive_from=START - timedelta(days=730), items=["scorer"])
    times = {"occurred_at": act, "discovered_at": made - timedelta(days=1), "reported_at": made, "now": made}
    return file(world, insured, evidence=papers("claim_letter"), **{**BIAS, **times, **changes})


def test_the_bias_cover_pays_for_an_old_act_that_is_claimed_in_the_term(world: World) -> None:
    claim = bias_claim(world, act=START - timedelta(days=400), made=START + timedelta(days=100))
    assert world.decide(claim) == "review"
    assert why(world, claim) == "organization"
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, claim) == 90_000 * YUAN


def test_the_bias_cover_still_takes_claims_in_its_extended_reporting_period(world: World) -> None:
    claim = bias_claim(world, act=START + timedelta(days=10), made=END + timedelta(days=59))
    assert world.decide(claim) == "review"


def test_a_bias_claim_that_came_years_after_its_notice_is_a_persons_to_take(world: World) -> None:
    made = START + timedelta(days=100)
    late = {"now": END + timedelta(days=61)}
    claim = bias_claim(world, act=START + timedelta(days=10), made=made, **late)
    assert world.decide(claim) == "refusal_proposed"
    assert told(world, claim) == [("received_outside_term", "2.5")]
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"


@pytest.mark.parametrize(
    ("act", "made", "expected"),
    [
        (START + timedelta(days=10), END + timedelta(days=60), "made_outside_term"),
        (START - timedelta(days=731), START + timedelta(days=5), "act_before_retroactive_date"),
        (END + timedelta(days=1), END + timedelta(days=20), "not_in_force"),
        (START - timedelta(days=20), START - timedelta(days=2), "made_outside_term"),
    ],
    ids=["made too late", "the act too old", "the act after the end", "made before the term"],
)
def test_the_bias_cover_proposes_to_refuse_what_its_dates_leave_out(
    world: World, act: Any, made: Any, expected: str
) -> None:
    claim = bias_claim(world, act=act, made=made)
    assert world.decide(claim) == "refusal_proposed"
    ((code, clause),) = told(world, claim)
    assert code == expected
    assert clause[0].isdigit()
    with pytest.raises(CoverRuleStands):
        world.review(claim.claim_id, "approve")
