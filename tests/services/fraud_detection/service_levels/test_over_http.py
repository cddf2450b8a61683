"""Service levels of a real database: the series over HTTP, and the gauges that alert."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from services.fraud_detection.service_levels.usecases.measure import watch_clocks
from shared.process import metrics
from tests.services.fraud_detection.builders import NOW, Caller, Then, World, champion

Callers = Callable[[str], Caller]


def levels(caller: Callers, begin: datetime, end: datetime) -> Any:
    as_text = f"begin={begin.isoformat()}&end={end.isoformat()}".replace("+", "%2B")
    return caller("reviewer-li").get(f"/v1/service-levels?{as_text}")


def test_the_series_of_a_period(world: World, caller: Callers) -> None:
    for probability, hours in ((0.1, 0), (0.9, 48)):
        claim = world.file(world.covered())
        world.decide(claim, by=champion(probability))
        if hours:
            world.review(claim.claim_id, "refuse", now=NOW + timedelta(hours=hours))
    outside = world.file(world.covered(), scam_type="illegal_online")
    world.decide(outside)
    world.review(outside.claim_id, "refuse", clause="scam_type_excluded")
    world.file(world.covered(), now=NOW + timedelta(days=3))

    found = levels(caller, NOW - timedelta(days=1), NOW + timedelta(days=1)).json
    assert (found["claims"], found["decided"]) == (3, 3)
    assert found["value_paid_share"] == 0.5
    assert found["refused_by_finding_share"] == 0.5
    assert found["decided_within_5_business_days_share"] == 1.0
    assert found["p99"] == {"total_seconds": 172_800, "insurer_seconds": 172_800, "waiting_seconds": 0}


def test_a_period_that_is_none_is_refused_with_its_field(caller: Callers) -> None:
    for end in (NOW, NOW + timedelta(days=367)):
        response = levels(caller, NOW, end)
        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/end"


def test_clocks_of_open_claims_are_counted_by_how_much_is_left(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))

    def counted(day: int) -> dict[str, float]:
        watch_clocks(world.database, Then(NOW + timedelta(days=day)))
        gauge = metrics.CLAIM_CLOCKS
        return {each: gauge.labels("assess", each)._value.get() for each in ("running", "near", "broken")}

    assert counted(1) == {"running": 1, "near": 0, "broken": 0}
    assert counted(25) == {"running": 0, "near": 1, "broken": 0}
    assert counted(31) == {"running": 0, "near": 0, "broken": 1}
    world.review(claim.claim_id, "approve")
    watch_clocks(world.database, Then(NOW + timedelta(days=2)))
    assert counted(31)["broken"] == 0
