"""Which case comes next: each weight alone, and the law's date before all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.clocks import LIMITS, Reached
from services.fraud_detection.reviews.domain.care import CareFacts
from services.fraud_detection.reviews.domain.priority import OVERDUE, Points, Waiting, points
from shared.values.ids import ClaimId
from shared.values.money import Fen

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def placed(left: timedelta = timedelta(days=20), **changes: Any) -> Points:
    values: dict[str, Any] = {
        "claim_id": ClaimId("0190163d-8694-739b-aea5-966c26f8ad91"),
        "waiting_since": NOW,
        "steps": (Reached("filed", NOW + left - LIMITS["assess"]),),
        "amount_fen": Fen(0),
        "score": 1.0,
        "care": CareFacts(birth_year=1989, losses=0),
    }
    return points(Waiting(**{**values, **changes}), now=NOW)


def test_a_case_without_anything_that_presses_has_no_points() -> None:
    assert placed().total == 0


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"amount_fen": Fen(2_000_000)}, 2),
        ({"amount_fen": Fen(90_000_000)}, 20),
        ({"waiting_since": NOW - timedelta(days=3)}, 3),
        ({"waiting_since": NOW - timedelta(days=300)}, 30),
        ({"waiting_since": NOW + timedelta(days=1)}, 0),
        ({"score": 0.1}, 9),
        ({"score": None}, 5),
        ({"care": CareFacts(birth_year=1966, losses=0)}, 15),
        ({"care": CareFacts(birth_year=1967, losses=0)}, 0),
        ({"care": CareFacts(birth_year=2008, losses=0)}, 15),
        ({"care": CareFacts(birth_year=2007, losses=0)}, 0),
        ({"care": CareFacts(birth_year=0, losses=0)}, 0),
        ({"care": CareFacts(birth_year=1989, losses=1)}, 15),
        ({"care": CareFacts(birth_year=1950, losses=1)}, 15),
        ({"left": timedelta(days=10)}, 0),
        ({"left": timedelta(days=1)}, 36),
        ({"left": timedelta(0)}, OVERDUE),
        ({"left": timedelta(days=-5)}, OVERDUE),
    ],
)
def test_each_weight_alone(changes: dict[str, Any], total: float) -> None:
    assert placed(**changes).total == pytest.approx(total)


def test_a_small_loss_whose_date_is_tomorrow_comes_before_a_large_new_one() -> None:
    small = placed(timedelta(days=1), amount_fen=Fen(50_000), waiting_since=NOW - timedelta(days=29))
    large = placed(amount_fen=Fen(2_000_000), waiting_since=NOW - timedelta(days=1))
    assert small.total > large.total


def test_once_the_date_has_passed_nothing_but_another_such_case_comes_before() -> None:
    most = placed(
        timedelta(seconds=1),
        amount_fen=Fen(90_000_000),
        score=0.0,
        care=CareFacts(birth_year=1940, losses=2),
        waiting_since=NOW - timedelta(days=300),
    )
    assert most.total < OVERDUE
