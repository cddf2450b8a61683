"""Which claims of an organization are of one event, and what a person can do about it, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.coverage.domain.cover import NOTHING_USED
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.cover_rules import FailedRule
from services.fraud_detection.decisions.usecases.case_file import collect, hold
from services.fraud_detection.erasure.usecases.erase_policies import erase, erase_the_rest
from services.fraud_detection.reviews.domain.errors import CoverRuleStands
from services.fraud_detection.reviews.usecases.name_event import name_event
from shared.values.scam_types import ScamType
from tests import clock
from tests.rules.fraud_detection.builders import LOSS, START, product
from tests.services.fraud_detection.builders import NOW, Caller, World, claim_body
from tests.services.fraud_detection.insured import Insured, approved, at, file, insure, papers, shipped, told, why

YUAN = 100
MADE = START + timedelta(days=200)


def bias_insured(world: World) -> Insured:
    return insure(world, shipped("algorithmic-bias"), retroactive_from=START - timedelta(days=730), items=["scorer"])


def biased(world: World, insured: Insured, *, act_days: int, amount_yuan: int, **changes: Any) -> Claim:
    """One third party's claim for compensation, made today for an act of long ago."""
    act = START + timedelta(days=act_days)
    times = {"occurred_at": act, "discovered_at": MADE, "reported_at": MADE, "now": MADE + timedelta(hours=1)}
    given: dict[str, Any] = {
        "liability": "third_party_compensation",
        "scam_type": None,
        "amount_fen": amount_yuan * YUAN,
        "evidence": papers("claim_letter"),
        "item_reference": "scorer",
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
    insured = bias_insured(world)
    first = biased(world, insured, act_days=10, amount_yuan=150_000)
    second = biased(world, insured, act_days=40, amount_yuan=260_000, scam_type="other")
    assert (world.decide(first), world.decide(second)) == ("review", "review")
    assert (why(world, first), why(world, second)) == ("organization", "organization")


def test_the_same_letter_sent_in_twice_is_one_loss_still(world: World) -> None:
    insured = bias_insured(world)
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


def test_losses_with_one_reference_of_their_event_share_its_limits_and_are_no_duplicates(world: World) -> None:
    """One model, one bias, three who suffered from it: under one liability the event's limit holds over all of them."""
    insured = bias_insured(world)
    event = {"event_reference": "BIAS-7"}
    first = biased(world, insured, act_days=10, amount_yuan=1_800_000, **event)
    second = biased(world, insured, act_days=40, amount_yuan=1_000_000, **event)
    third = biased(world, insured, act_days=70, amount_yuan=900_000, **event)
    for claim, yuan in ((first, 1_575_000), (second, 425_000)):
        assert world.decide(claim) == "review"
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
        assert approved(world, claim) == yuan * YUAN
    assert world.decide(third) == "refusal_proposed"
    assert [code for code, _ in told(world, third)] == ["event_limit_used_up"]


@pytest.mark.parametrize(
    ("before", "last_yuan"),
    [
        ([("romance", 30_000)], 9_000),
        ([("romance", 6_000)], 9_000),
        ([("romance", 45_000)], 5_000),
        ([("game_trade", 4_000)], 6_000),
        ([("game_trade", 4_000), ("romance", 42_000)], 4_000),
    ],
    ids=[
        "more than the sub-limit for another type",
        "less than it for another type",
        "nearly all of the event",
        "of the same type",
        "of both types",
    ],
)
def test_of_a_sub_limit_only_what_was_paid_for_its_scam_type_is_used(
    world: World, before: list[tuple[ScamType, int]], last_yuan: int
) -> None:
    """50,000 yuan an event, and 10,000 of them for trades in games."""
    insured = insure(world, product(annual_limit_fen=100_000 * YUAN))
    paid = []
    for number, (scam_type, yuan) in enumerate([*before, ("game_trade", 9_000)]):
        loss = at(LOSS + timedelta(hours=3 * number))
        claim = file(world, insured, scam_type=scam_type, amount_fen=yuan * YUAN, event_reference="E-1", **loss)
        assert world.decide(claim) == ("review" if number else "approved")
        if number:
            assert why(world, claim) == "related_claim"
            assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
        paid.append(approved(world, claim))
    assert paid == [*(yuan * YUAN for _, yuan in before), last_yuan * YUAN]


def test_a_person_says_that_two_claims_are_of_two_events_and_each_has_its_limit(world: World) -> None:
    insured = bias_insured(world)
    first = biased(world, insured, act_days=10, amount_yuan=3_000_000, event_reference="BIAS-7")
    other = biased(world, insured, act_days=200 - 1, amount_yuan=160_000, event_reference="BIAS-7")
    assert world.decide(first) == "review"
    assert world.review(first.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert world.decide(other) == "refusal_proposed"
    with pytest.raises(CoverRuleStands):
        world.review(other.claim_id, "approve", clause=None, reasons=None)
    name(world, other, "BIAS-8")
    assert world.review(other.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, other) == 99_000 * YUAN


def test_a_person_says_that_two_claims_are_of_one_event(world: World) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    claims = [
        attacked(world, insured, "data_liability", 1_100_000),
        attacked(world, insured, "business_interruption", 1_300_000),
        attacked(world, insured, "incident_response", 60_000),
    ]
    for claim in claims:
        assert world.decide(claim) == "review"
        name(world, claim, "INC-1")
    for claim in claims[:2]:
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    with pytest.raises(CoverRuleStands) as refused:
        world.review(claims[2].claim_id, "approve", clause=None, reasons=None)
    assert refused.value.codes == "event_limit_used_up"


@pytest.mark.parametrize(("named", "second_yuan"), [(True, 180_000), (False, 135_000)])
def test_the_deductible_of_an_event_is_taken_once_where_persons_say_that_it_is_one(
    world: World, *, named: bool, second_yuan: int
) -> None:
    """50,000 yuan, and 90 % of the rest; the claimants' own word for the event spares nobody the second deductible."""
    insured = bias_insured(world)
    claims = [
        biased(world, insured, act_days=day, amount_yuan=yuan, event_reference="BIAS-7")
        for day, yuan in ((10, 1_000_000), (40, 200_000))
    ]
    for claim in claims:
        assert world.decide(claim) == "review"
        if named:
            name(world, claim, "BIAS-7")
    for claim, yuan in zip(claims, (855_000, second_yuan), strict=True):
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
        assert approved(world, claim) == yuan * YUAN


def test_losses_that_are_refused_as_too_small_add_up_with_the_next_one_of_the_event(world: World) -> None:
    insured = bias_insured(world)
    small = biased(world, insured, act_days=10, amount_yuan=30_000, event_reference="BIAS-7")
    assert world.decide(small) == "refusal_proposed"
    assert world.review(small.claim_id, "refuse", clause="below_deductible", reasons="小于免赔额") == "refused"
    large = biased(world, insured, act_days=40, amount_yuan=100_000, event_reference="BIAS-7")
    assert world.decide(large) == "review"
    for claim in (small, large):
        name(world, claim, "BIAS-7")
    assert world.review(large.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, large) == 72_000 * YUAN


def test_who_moves_a_paid_claim_to_another_event_spares_that_one_no_deductible(world: World) -> None:
    insured = bias_insured(world)
    claims = [
        biased(world, insured, act_days=day, amount_yuan=yuan, event_reference="BIAS-7")
        for day, yuan in ((10, 1_000_000), (40, 200_000), (70, 300_000))
    ]
    for claim in claims:
        assert world.decide(claim) == "review"
        name(world, claim, "BIAS-7")
    for claim in claims[:2]:
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    for claim in claims[1:]:
        name(world, claim, "BIAS-8")
    assert world.review(claims[2].claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, claims[2]) == 225_000 * YUAN


def test_an_event_keeps_its_name_until_the_last_open_claim_of_an_erased_person_is_decided(world: World) -> None:
    insured = bias_insured(world)
    first = biased(world, insured, act_days=10, amount_yuan=1_000_000)
    second = biased(world, insured, act_days=40, amount_yuan=500_000)
    for claim in (first, second):
        assert world.decide(claim) == "review"
        name(world, claim, "BIAS-7")
    assert world.review(first.claim_id, "approve", clause=None, reasons=None) == "approved"
    with world.database.transaction() as tx:
        erase(tx, [insured.policy_id], erased_at=NOW)
    assert world.review(second.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, second) == 450_000 * YUAN
    erase_the_rest(world.database, clock.CLOCK)
    assert [world.claim(each.claim_id).event_reference for each in (first, second)] == [None, None]
    with pytest.raises(PolicyErased):
        name(world, world.claim(first.claim_id), "BIAS-7")


def test_a_claimant_cannot_part_one_loss_into_two_events_but_a_person_can(world: World) -> None:
    insured = bias_insured(world)
    first = biased(world, insured, act_days=10, amount_yuan=150_000, event_reference="A")
    again = biased(world, insured, act_days=40, amount_yuan=150_000, event_reference="B")
    assert (world.decide(first), world.decide(again)) == ("review", "refusal_proposed")
    name(world, again, "B")
    assert [rule.code for rule in standing(world, again)] == ["duplicate_loss"]
    name(world, first, "A")
    assert standing(world, again) == ()


def test_who_named_an_event_stands_in_the_audit_chain(world: World) -> None:
    claim = attacked(world, insure(world, shipped("enterprise-cyber")), "data_liability", 90_000)
    world.decide(claim)
    name(world, claim, "INC-1")
    assert world.rows("SELECT actor, action, details::jsonb ->> 'event_reference' FROM audit_log") == [
        ("reviewer-li", "claim.event_named", "INC-1")
    ]
    kept = world.claim(claim.claim_id)
    assert (kept.event_reference, kept.event_named, kept.version) == ("INC-1", True, 3)


def name(world: World, claim: Claim, event: str) -> None:
    """A person says which event the claim is of."""
    with world.database.transaction() as tx:
        name_event(
            tx,
            claim.claim_id,
            event,
            reviewer="reviewer-li",
            require_match=lambda _version: None,
            now=NOW,
        )


def standing(world: World, claim: Claim) -> tuple[FailedRule, ...]:
    """What stands against the claim now."""
    with world.database.transaction() as tx:
        cases = collect(tx, hold(tx, [world.claim(claim.claim_id)]), Terms())
        return cases[claim.claim_id].failed_rules(NOTHING_USED)


def test_a_reviewer_finds_the_other_claims_on_the_policy_and_names_their_event(
    world: World, caller: Callable[[str], Caller]
) -> None:
    insured = insure(world, shipped("enterprise-cyber"))
    theft = attacked(world, insured, "data_liability", 90_000, event_reference="INC-1")
    outage = attacked(world, insured, "business_interruption", 250_000)
    reviewer = caller("reviewer-li")
    path = f"/v1/reviews/{outage.claim_id}"
    case = reviewer.get(path)
    assert [(each["claim_id"], each["relation"]) for each in case.json["related"]] == [
        (theft.claim_id, "may_be_one_event")
    ]
    match = {"If-Match": case.headers["ETag"]}
    named = reviewer.put(f"{path}/event", {"event_reference": "INC-1"}, headers=match)
    assert named.status_code == 200, named.text
    assert [each["relation"] for each in named.json["related"]] == ["one_event"]
    assert (named.json["loss"]["event_reference"], named.json["loss"]["event_named"]) == ("INC-1", True)
    assert reviewer.put(f"{path}/event", {"event_reference": "INC-2"}, headers=match).status_code == 412
    match = {"If-Match": named.headers["ETag"]}
    personal = reviewer.put(f"{path}/event", {"event_reference": "13912345678"}, headers=match)
    assert (personal.status_code, personal.json["errors"][0]["pointer"]) == (422, "/event_reference")


def test_a_reference_of_an_event_that_holds_a_phone_number_is_not_taken(
    world: World, caller: Callable[[str], Caller]
) -> None:
    body = claim_body(world.covered(), event_reference="case-13912345678")
    answer = caller("mobile-backend").post("/v1/claims", body)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/event_reference"]
