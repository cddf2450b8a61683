"""Claims about one of the things that a policy lists, as it was listed at the time, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.store import coverage_items
from shared.events.policies import PoliciesErased, PolicyEndorsed
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import NOW, Caller, World, take
from tests.services.fraud_detection.insured import (
    Insured,
    at,
    chunk,
    file,
    insure,
    organization,
    papers,
    shipped,
    told,
    why,
)

BIAS = shipped("algorithmic-bias")
ADDED = LOSS - timedelta(days=10)


def changed(
    insured: Insured,
    version: int,
    kind: Literal["item_added", "item_removed"],
    reference: str | None,
    effective_at: datetime = ADDED,
) -> PolicyEndorsed:
    return PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=insured.policy_id,
        version=version,
        partner_id="telecom-east",
        kind=kind,
        endorsed_at=effective_at,
        effective_at=effective_at,
        premium_delta_fen=0,
        currency="CNY",
        item_reference=reference,
    )


def about(world: World, insured: Insured, item: str | None, act: datetime = LOSS, **changes: Any) -> Claim:
    given: dict[str, Any] = {
        "liability": "third_party_compensation",
        "scam_type": None,
        "amount_fen": 15_000_000,
        "evidence": papers("claim_letter"),
        "item_reference": item,
        **at(act),
        **changes,
    }
    return file(world, insured, **given)


def outcome(world: World, claim: Claim) -> list[str]:
    """The rules that stand against the claim; none if it is a person's to approve."""
    decided = world.decide(claim)
    if decided == "review":
        assert why(world, claim) == "organization"
        return []
    return [code for code, _ in told(world, claim)]


def test_a_claim_about_a_listed_model_is_covered_and_one_about_another_is_not(world: World) -> None:
    insured = insure(world, BIAS, items=["ranker/7", "scorer"])
    assert outcome(world, about(world, insured, "scorer")) == []
    stranger = about(world, insured, "chat-bot", LOSS + timedelta(days=3))
    assert world.decide(stranger) == "refusal_proposed"
    assert told(world, stranger) == [("item_not_listed", "3.4")]


def test_a_model_counts_from_the_day_on_which_it_was_added(world: World) -> None:
    insured = insure(world, BIAS, items=["scorer"])
    take(world, changed(insured, 2, "item_added", "third"))
    assert outcome(world, about(world, insured, "third", ADDED)) == []
    before = about(world, insured, "third", ADDED - timedelta(days=2))
    assert outcome(world, before) == ["item_not_listed"]


def test_a_model_that_was_taken_off_is_covered_for_what_it_did_before(world: World) -> None:
    insured = insure(world, BIAS, items=["scorer", "ranker/7"])
    take(world, changed(insured, 2, "item_removed", "scorer"))
    assert outcome(world, about(world, insured, "scorer", ADDED - timedelta(days=2))) == []
    assert outcome(world, about(world, insured, "scorer", ADDED)) == ["item_not_listed"]


def test_the_newest_change_counts_in_whichever_order_they_are_heard_of(world: World) -> None:
    insured = organization()
    take(world, changed(insured, 4, "item_added", "third", ADDED + timedelta(days=1)))
    take(world, changed(insured, 2, "item_added", "third"))
    take(world, changed(insured, 3, "item_removed", "third"))
    take(world, changed(insured, 3, "item_removed", "third"))
    insure(world, BIAS, insured, items=["scorer"])
    assert outcome(world, about(world, insured, "third", ADDED)) == ["item_not_listed"]
    assert outcome(world, about(world, insured, "third", ADDED + timedelta(days=1))) == []


def test_what_a_claims_made_policy_listed_from_its_beginning_is_covered_for_acts_before_it(world: World) -> None:
    insured = insure(world, BIAS, items=["scorer"], retroactive_from=START - timedelta(days=730))
    act = START - timedelta(days=300)
    made = {"discovered_at": LOSS, "reported_at": LOSS + timedelta(hours=3), "now": NOW}
    assert outcome(world, about(world, insured, "scorer", act, **made)) == []


def test_a_person_may_find_that_the_item_is_a_listed_one_under_another_name(world: World) -> None:
    insured = insure(world, BIAS, items=["scorer"])
    claim = about(world, insured, "Scorer v2")
    assert outcome(world, claim) == ["item_not_listed"]
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"


@pytest.mark.parametrize("listed", [True, False], ids=["needed", "not asked for"])
def test_a_claim_names_an_item_where_and_only_where_its_product_lists_some(world: World, *, listed: bool) -> None:
    with pytest.raises(InvalidField) as refused:
        if listed:
            about(world, insure(world, BIAS, items=["scorer"]), None)
        else:
            cyber = insure(world, shipped("enterprise-cyber"))
            about(world, cyber, "scorer", liability="business_interruption", evidence=papers("incident_report"))
    assert refused.value.pointer == "/item_reference"


def test_a_reviewer_sees_the_item_and_what_was_listed_at_the_time(
    world: World, caller: Callable[[str], Caller]
) -> None:
    insured = insure(world, BIAS, items=["scorer", "ranker/7"])
    take(world, changed(insured, 2, "item_added", "third", LOSS + timedelta(days=5)))
    claim = about(world, insured, "scorer")
    case = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json
    assert (case["loss"]["item_reference"], case["cover"]["items"]) == ("scorer", ["ranker/7", "scorer"])


def test_items_come_with_the_event_that_enrolls_and_an_erasure_takes_them_away(world: World) -> None:
    insured = organization()
    take(world, chunk(world, BIAS, insured, items=["scorer"]))
    with world.database.transaction() as tx:
        listed = coverage_items.of_policies(tx, [insured.policy_id])[insured.policy_id]
        assert [each.reference for each in listed] == ["scorer"]
    take(world, PoliciesErased(policy_ids=[insured.policy_id], erased_at=NOW))
    take(world, changed(insured, 2, "item_added", "third"))
    with world.database.transaction() as tx:
        assert coverage_items.of_policies(tx, [insured.policy_id]) == {}


def test_items_of_an_enrollment_that_comes_again_after_the_erasure_stay_away(world: World) -> None:
    insured, other = organization(), organization()
    enrolled = chunk(world, BIAS, insured, items=["scorer"])
    take(world, enrolled)
    take(world, PoliciesErased(policy_ids=[insured.policy_id], erased_at=NOW))
    for event in (enrolled, chunk(world, BIAS, other, items=["ranker/7"])):
        take(world, event)
    with world.database.transaction() as tx:
        found = coverage_items.of_policies(tx, [insured.policy_id, other.policy_id])
        assert found.keys() == {other.policy_id}
        assert [each.reference for each in found[other.policy_id]] == ["ranker/7"]


@pytest.mark.parametrize("reference", ["", "x" * 201, "a\x00b"])
def test_an_item_that_cannot_be_is_poison(world: World, reference: str) -> None:
    insured = insure(world, BIAS, items=["scorer"])
    with pytest.raises(Poison):
        take(world, changed(insured, 2, "item_added", reference))
    with pytest.raises(Poison):
        take(world, chunk(world, BIAS, organization(), items=[reference]))


@pytest.mark.parametrize(
    ("listed", "outcome", "codes"),
    [("scorer", "refusal_proposed", ["made_outside_term"]), ("ranker", "review", [])],
    ids=["listed by the renewal", "listed no more"],
)
def test_a_claim_made_after_the_term_is_the_renewals_where_that_lists_the_thing_too(
    world: World, listed: str, outcome: str, codes: list[str]
) -> None:
    first = insure(world, BIAS, items=["scorer"])
    end = START + timedelta(days=BIAS.term_days)
    term: dict[str, Any] = {
        "effective_from": end,
        "effective_to": end + timedelta(days=365),
        "waits_from": START,
        "retroactive_from": START,
    }
    insure(world, BIAS, first.elsewhere(), renews=first.policy_id, items=[listed], **term)
    made = end + timedelta(days=10)
    times = {"discovered_at": made, "reported_at": made, "now": made + timedelta(hours=1)}
    claim = about(world, first, "scorer", end - timedelta(days=5), **times)
    assert world.decide(claim) == outcome
    assert [code for code, _ in told(world, claim)] == codes
