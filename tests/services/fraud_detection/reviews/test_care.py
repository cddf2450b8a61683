"""Where care is to be taken the reviewer sees why, and nothing else changes; it is gone with the person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.coverage.store import coverage_rows
from services.fraud_detection.reviews.domain.care import THRESHOLDS
from services.fraud_detection.reviews.domain.priority import VULNERABLE
from shared.events.policies import PoliciesErased
from shared.values.ids import ClaimId
from tests import clock
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, champion, take

Callers = Callable[[str], Caller]


def covered(world: World, year: int = 1989) -> Person:
    world.publish()
    person = world.person()
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person], birth_year=[year])])
    return person


def born(age: int) -> int:
    """The year of birth of who has that age in this year."""
    return clock.now().year - age


def waiting(world: World, person: Person, **changes: Any) -> ClaimId:
    claim = world.file(person, **changes)
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def flags(caller: Caller, claim_id: ClaimId) -> list[str]:
    return [each["flag"] for each in caller.get(f"/v1/reviews/{claim_id}").json["care"]]


def queued(caller: Caller, query: str) -> set[str]:
    reply = caller.get(f"/v1/reviews?{query}")
    assert reply.status_code == 200, reply.text
    return {each["claim_id"] for each in reply.json["items"]}


def scammed_before(world: World, person: Person, *, days: int) -> None:
    """The person was paid for another loss, so many days before."""
    then = LOSS - timedelta(days=days)
    told: dict[str, Any] = {"discovered_at": then + timedelta(hours=1), "reported_at": then + timedelta(hours=2)}
    earlier = world.file(person, occurred_at=then, amount_fen=100_000, **told)
    world.decide(earlier)
    assert world.claim(earlier.claim_id).state == "approved"


@pytest.mark.parametrize(("age", "flag"), [(60, "elderly"), (18, "minor")])
def test_who_is_old_or_young_is_flagged_with_reason_and_advice(
    world: World, caller: Callers, age: int, flag: str
) -> None:
    usual, flagged = waiting(world, covered(world)), waiting(world, covered(world, born(age)))
    li = caller("reviewer-li")
    (told,) = li.get(f"/v1/reviews/{flagged}").json["care"]
    assert told["flag"] == flag
    assert all(told[text] for text in ("reason_zh", "reason_en", "advice_zh", "advice_en"))
    assert flags(li, usual) == []
    assert queued(li, f"care={flag}") == {flagged}
    assert queued(li, "care=repeat_victim") == set()
    taken = li.post("/v1/reviews/next", {}).json
    assert (taken["claim_id"], taken["points"]["vulnerability"]) == (flagged, VULNERABLE)
    assert "care" not in caller("mobile-backend").get(f"/v1/claims/{flagged}").json


def test_who_was_scammed_before_is_flagged(world: World, caller: Callers) -> None:
    person, li = covered(world), caller("reviewer-li")
    scammed_before(world, person, days=20)
    again = waiting(world, person)
    other = waiting(world, covered(world))
    assert (flags(li, again), flags(li, other)) == (["repeat_victim"], [])
    assert queued(li, "care=repeat_victim") == {again}
    items = {each["claim_id"]: each["care"] for each in li.get("/v1/reviews").json["items"]}
    assert items == {again: ["repeat_victim"], other: []}


def test_a_loss_that_was_not_found_true_or_came_later_flags_nobody(world: World, caller: Callers) -> None:
    person, li = covered(world), caller("reviewer-li")
    refused = waiting(world, person)
    hours = {f"{each}_at": LOSS + timedelta(hours=12) for each in ("occurred", "discovered", "reported")}
    later = waiting(world, person, **hours)
    assert world.review(refused, "refuse") == "refused"
    assert flags(li, later) == []
    assert world.review(later, "approve") == "approved"
    assert flags(li, refused) == []
    assert THRESHOLDS.before > timedelta(days=365)


def test_the_machine_decides_alike_with_and_without_a_flag(world: World) -> None:
    assert world.decide(world.file(covered(world, born(65)))) == "approved"
    assert world.decide(world.file(covered(world))) == "approved"
    scores = world.rows("SELECT DISTINCT score, why, failures::text FROM decisions")
    assert len(scores) == 1


def test_where_care_is_to_be_taken_nobody_is_refused_in_bulk(world: World, caller: Callers) -> None:
    early: dict[str, Any] = {"occurred_at": START - timedelta(days=2), "discovered_at": START - timedelta(days=1)}
    usual, flagged = (world.file(covered(world, year), **early) for year in (1989, born(65)))
    assert {world.decide(usual), world.decide(flagged)} == {"refusal_proposed"}
    preview = caller("reviewer-li").post("/v1/reviews/bulk-previews", {"rule": "not_in_force"}).json
    assert [each["claim_id"] for each in preview["cases"]] == [usual.claim_id]


def test_it_is_gone_with_the_person(world: World, caller: Callers) -> None:
    person, li = covered(world, born(65)), caller("reviewer-li")
    scammed_before(world, person, days=20)
    claim_id = waiting(world, person)
    assert flags(li, claim_id) == ["elderly", "repeat_victim"]
    assert world.review(claim_id, "refuse") == "refused"
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    assert flags(li, claim_id) == []
