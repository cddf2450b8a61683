"""Which claims of an organization are of one event, and what a person can do about it, on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.fraud_detection.domain.claims import Claim
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.insured import Insured, approved, at, file, insure, papers, shipped, told, why

YUAN = 100
MADE = START + timedelta(days=200)


def biased(world: World, insured: Insured, *, act_days: int, amount_yuan: int, **changes: Any) -> Claim:
    """One third party's claim for compensation, made today for an act of long ago."""
    act = START + timedelta(days=act_days)
    times = {"occurred_at": act, "discovered_at": MADE, "reported_at": MADE, "now": MADE + timedelta(hours=1)}
    given: dict[str, Any] = {
        "liability": "third_party_compensation",
        "scam_type": None,
        "amount_fen": amount_yuan * YUAN,
        "evidence": papers("claim_letter"),
        **times,
        **changes,
    }
    return file(world, insured, **given)


def attacked(world: World, insured: Insured, liability: str, amount_yuan: int, **changes: Any) -> Claim:
    """A loss under the cyber cover."""
    given: dict[str, Any] = {
        "liability": liability,
        "scam_type": None,
        "amount_fen": amount_yuan * YUAN,
        "evidence": papers("incident_report", "invoice", "claim_letter"),
        **changes,
    }
    return file(world, insured, **given)


def test_two_third_parties_who_claim_for_bias_at_the_same_time_are_two_losses(world: World) -> None:
    insured = insure(world, shipped("algorithmic-bias"), retroactive_from=START - timedelta(days=730))
    first = biased(world, insured, act_days=10, amount_yuan=150_000)
    second = biased(world, insured, act_days=40, amount_yuan=260_000, scam_type="other")
    assert (world.decide(first), world.decide(second)) == ("review", "review")
    assert (why(world, first), why(world, second)) == ("organization", "organization")


def test_the_same_letter_sent_in_twice_is_one_loss_still(world: World) -> None:
    insured = insure(world, shipped("algorithmic-bias"), retroactive_from=START - timedelta(days=730))
    letter = papers("claim_letter")
    first = biased(world, insured, act_days=10, amount_yuan=150_000, evidence=letter)
    again = biased(world, insured, act_days=10, amount_yuan=170_000, evidence=letter)
    assert (world.decide(first), world.decide(again)) == ("review", "refusal_proposed")
    assert [code for code, _ in told(world, again)] == ["duplicate_loss"]


def test_attacks_at_the_same_time_do_not_use_up_each_others_limit(world: World) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    for liability, yuan in (("data_liability", 1_100_000), ("business_interruption", 1_300_000)):
        other = attacked(world, insured, liability, yuan, **at(LOSS, found_after_hours=4))
        assert world.decide(other) == "review"
        assert world.review(other.claim_id, "approve", clause=None, reasons=None) == "approved"
        assert approved(world, other) == 1_000_000 * YUAN
    attack = attacked(world, insured, "incident_response", 60_000, **at(LOSS + timedelta(hours=2)))
    assert world.decide(attack) == "review"
    assert world.review(attack.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, attack) == 50_000 * YUAN
