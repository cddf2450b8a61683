"""One loss that is told several times, slightly otherwise each time: the machine pays it once, on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from tests.rules.fraud_detection.builders import LOSS, product
from tests.services.fraud_detection.builders import NOW, World
from tests.services.fraud_detection.insured import Insured, at, file, insure, why

LOST = 500_000


def two_products(world: World) -> tuple[Insured, Insured]:
    """One person with two products at two partners; the second one has a deductible and pays 70 percent."""
    first = insure(world, product())
    other = product(product_code="family-anti-fraud", event_deductible_fen=300_000, pay_percent=70)
    return first, insure(world, other, first.elsewhere(), partner_id="telecom-west")


def again(world: World, insured: Insured, **changes: Any) -> Claim:
    """The same loss once more, weeks later, with other documents."""
    return file(world, insured, **{"amount_fen": LOST, **changes, "now": NOW + timedelta(days=25)})


@pytest.mark.parametrize(
    "told",
    [
        {"amount_fen": LOST + 1, "scam_type": "romance"},
        {"amount_fen": LOST - 20_000, "scam_type": "romance"},
        {"amount_fen": LOST + 1, "scam_type": "romance", **at(LOSS + timedelta(hours=9))},
        {"scam_type": "fake_shopping", **at(LOSS - timedelta(hours=30))},
        {"amount_fen": LOST * 3, "scam_type": "romance", **at(LOSS + timedelta(hours=30))},
        {"amount_fen": LOST + 7, "scam_type": "romance", **at(LOSS + timedelta(days=20))},
    ],
)
def test_a_loss_told_slightly_otherwise_is_not_approved_by_the_machine_a_second_time(
    world: World, told: dict[str, Any]
) -> None:
    insured = insure(world, product())
    first, second = file(world, insured, amount_fen=LOST), again(world, insured, **told)
    assert (world.decide(first), world.decide(second)) == ("approved", "review")
    assert why(world, second) == "resembles_earlier_claim"


def test_a_loss_told_under_two_products_at_two_partners_is_paid_by_the_machine_once(world: World) -> None:
    here, there = two_products(world)
    first = file(world, here, amount_fen=3_000_000)
    second = file(world, there, amount_fen=3_000_001, scam_type="romance", now=NOW + timedelta(minutes=5))
    assert (world.decide(first), world.decide(second)) == ("approved", "review")


def test_of_one_loss_told_alike_under_two_products_the_second_claim_is_told_which_one_has_it(world: World) -> None:
    here, there = two_products(world)
    first = file(world, here, amount_fen=3_000_000)
    second = file(world, there, amount_fen=3_000_000, scam_type="romance", now=NOW + timedelta(minutes=5))
    assert (world.decide(first), world.decide(second)) == ("approved", "refusal_proposed")
    ((failures,),) = world.rows(f"SELECT failures FROM decisions WHERE claim_id = '{second.claim_id}'")
    assert [(each["code"], each["claim_id"]) for each in failures] == [("duplicate_loss", first.claim_id)]
