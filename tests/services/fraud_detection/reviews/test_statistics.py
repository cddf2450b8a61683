"""What senior persons see of how reviewers decide: from the database to the figures, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from shared.values.ids import ClaimId
from tests.services.fraud_detection.builders import NOW, Caller, World, champion

Callers = Callable[[str], Caller]
LATER = NOW + timedelta(days=30)


def waiting(world: World) -> ClaimId:
    claim = world.file(world.covered())
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def appealed(world: World, mobile: Caller, claim_id: ClaimId, claim_round: int) -> None:
    assert mobile.post(f"/v1/claims/{claim_id}/appeals", {"reason": "我没有参与。"}).status_code == 202
    assert world.decide(world.claim(claim_id), claim_round=claim_round, now=LATER) == "review"


def asked(caller: Caller, begin: Any = NOW, end: Any = None) -> Any:
    period = {"begin": begin.isoformat(), "end": (end or NOW + timedelta(days=365)).isoformat()}
    reply = caller.get(f"/v1/reviews/statistics?{urlencode(period)}")
    assert reply.status_code == 200, reply.text
    return reply.json


def test_each_persons_decisions_and_what_became_of_them(world: World, caller: Callers) -> None:
    mobile, chen = caller("mobile-backend"), caller("director-chen")
    assert world.review(waiting(world), "approve", now=NOW + timedelta(minutes=10)) == "approved"
    held, turned, final = waiting(world), waiting(world), waiting(world)
    for claim_id in (held, turned, final):
        assert world.review(claim_id, "refuse", now=NOW + timedelta(minutes=30)) == "refused"
        appealed(world, mobile, claim_id, 2)
    world.review(held, "refuse", reviewer="reviewer-wang", now=LATER)
    world.review(turned, "approve", reviewer="reviewer-wang", now=LATER)
    told = asked(chen)
    li, wang = told["reviewers"]
    none = {"same_share": None, "kappa": None}
    assert li == {
        "reviewer": "reviewer-li",
        "decided": 4,
        "approved": 1,
        "refused": 3,
        "median_seconds": 1800,
        "second_decisions": 2,
        "overturned": 1,
        "agreement": {"pairs": 2, **none},
    }
    assert (wang["reviewer"], wang["decided"], wang["approved"], wang["second_decisions"]) == ("reviewer-wang", 2, 1, 0)
    assert (told["agreement"], told["minimum_pairs"]) == ({"pairs": 2, **none}, 20)


def test_a_pair_is_of_the_period_of_its_first_decision(world: World, caller: Callers) -> None:
    claim_id, chen = waiting(world), caller("director-chen")
    assert world.review(claim_id, "refuse", now=NOW) == "refused"
    appealed(world, caller("mobile-backend"), claim_id, 2)
    world.review(claim_id, "approve", reviewer="reviewer-wang", now=LATER)
    (first,) = asked(chen, NOW, NOW + timedelta(seconds=1))["reviewers"]
    assert (first["reviewer"], first["overturned"]) == ("reviewer-li", 1)
    (second,) = asked(chen, NOW + timedelta(seconds=1))["reviewers"]
    assert (second["reviewer"], second["second_decisions"]) == ("reviewer-wang", 0)
    assert asked(chen, NOW - timedelta(days=1), NOW)["reviewers"] == []


def test_the_machines_decisions_are_nobodys(world: World, caller: Callers) -> None:
    assert world.decide(world.file(world.covered())) == "approved"
    waiting(world)
    assert asked(caller("director-chen"))["reviewers"] == []


def test_figures_about_colleagues_are_for_senior_persons(caller: Callers) -> None:
    reply = caller("reviewer-li").get("/v1/reviews/statistics?begin=2026-01-01T00:00:00Z&end=2026-02-01T00:00:00Z")
    assert reply.status_code == 403
    backwards = caller("director-chen").get(
        "/v1/reviews/statistics?begin=2026-02-01T00:00:00Z&end=2026-01-01T00:00:00Z"
    )
    assert backwards.status_code == 422
