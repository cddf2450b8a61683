"""What a resident is told of how a decision was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.fraud_detection.builders import Caller, World, champion

Callers = Callable[[str], Caller]


def explained(
    world: World, caller: Callers, probability: float | None, verdict: str | None = None, **filing: Any
) -> Any:
    claim = world.file(world.covered(), **filing)
    if probability is not None:
        world.decide(claim, by=champion(probability))
    if verdict is not None:
        world.review(claim.claim_id, verdict)
    return caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}/explanation").json


def test_what_the_machine_decided_alone_is_told_as_that_with_what_it_used(world: World, caller: Callers) -> None:
    told = explained(world, caller, 0.1)
    assert (told["made_by"], told["by_model"]) == ("machine", True)
    assert [each["source"] for each in told["used"]] == ["you", "partner", "you", "earlier_claims", "device"]
    assert "没有工作人员参与" in told["zh"]
    assert "cannot refuse" in told["en"]
    assert "0.1" not in str(told)


def test_who_may_no_longer_have_a_person_decide_is_not_offered_one(world: World, caller: Callers) -> None:
    assert "请告诉我们" not in explained(world, caller, 0.1)["zh"]
    assert "请告诉我们" in explained(world, caller, 0.1, evidence=())["zh"]


def test_what_is_not_used_is_not_named(world: World, caller: Callers) -> None:
    told = explained(world, caller, 0.1, evidence=(), device_id=None)
    assert [each["source"] for each in told["used"]] == ["you", "partner", "earlier_claims"]


@pytest.mark.parametrize("verdict", ["approve", "refuse"])
def test_what_a_person_decided_is_told_as_that(world: World, caller: Callers, verdict: str) -> None:
    assert explained(world, caller, 0.9, verdict)["made_by"] == "person"


@pytest.mark.parametrize("probability", [None, 0.9], ids=["filed", "in review"])
def test_before_anybody_decided_nothing_is_told_of_a_proposal(
    world: World, caller: Callers, probability: float | None
) -> None:
    told = explained(world, caller, probability)
    assert (told["made_by"], told["by_model"], told["used"]) == ("nobody", False, [])


def test_another_channels_claim_is_unknown(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    assert caller("bank-app").get(f"/v1/claims/{claim.claim_id}/explanation").status_code == 404
