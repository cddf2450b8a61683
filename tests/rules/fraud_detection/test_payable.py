"""What is paid for a loss: indemnity, deductibles, percentage, limits."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.coverage.domain.cover import NOTHING_USED, Product
from services.fraud_detection.decisions.domain.payable import payable
from tests.rules.fraud_detection.builders import claim, product, used

FEN = st.integers(min_value=0, max_value=20_000_000)


@pytest.mark.parametrize(
    ("terms", "filed", "reserved", "expected"),
    [
        ({}, {}, 0, 1_440_000),
        ({}, {"amount_fen": 9_000_000}, 0, 5_000_000),
        ({}, {"amount_fen": 9_000_000}, 3_000_000, 2_000_000),
        ({}, {"scam_type": "game_trade"}, 0, 1_000_000),
        ({}, {"recovered_fen": 440_000, "other_insurance_fen": 500_000}, 0, 500_000),
        ({"event_deductible_fen": 300_000, "pay_percent": 70}, {}, 0, 798_000),
        ({"pay_percent": 70}, {"amount_fen": 1_001}, 0, 700),
        ({"annual_deductible_fen": 1_000_000}, {}, 0, 440_000),
    ],
    ids=[
        "the whole loss",
        "the event limit",
        "what is left of the year",
        "the sub-limit",
        "only what is still lost",
        "deductible first, then percentage",
        "rounded down to the fen",
        "annual deductible",
    ],
)
def test_a_loss_pays_what_the_terms_promise(
    terms: dict[str, Any], filed: dict[str, Any], reserved: int, expected: int
) -> None:
    assert payable(product(**terms), claim(**filed), used(reserved)).amount_fen == expected


def test_the_annual_deductible_is_taken_once_a_year() -> None:
    terms = product(annual_deductible_fen=1_000_000)
    first = payable(terms, claim(), NOTHING_USED)
    assert (first.amount_fen, first.deductible_fen) == (440_000, 1_000_000)
    second = payable(terms, claim(), used(first.amount_fen, first.deductible_fen))
    assert (second.amount_fen, second.deductible_fen) == (1_440_000, 0)


@given(
    amount=st.integers(min_value=1, max_value=20_000_000),
    recovered=FEN,
    elsewhere=FEN,
    deductible=FEN,
    annual_deductible=FEN,
    percent=st.integers(min_value=1, max_value=100),
    reserved=st.integers(min_value=0, max_value=5_000_000),
)
def test_no_claim_ever_pays_more_than_the_loss_the_event_or_the_year(  # noqa: PLR0917
    amount: int, recovered: int, elsewhere: int, deductible: int, annual_deductible: int, percent: int, reserved: int
) -> None:
    terms = product(event_deductible_fen=deductible, annual_deductible_fen=annual_deductible, pay_percent=percent)
    filed = claim(amount_fen=amount, recovered_fen=recovered, other_insurance_fen=elsewhere)
    pays = payable(terms, filed, used(reserved)).amount_fen
    assert 0 <= pays <= max(0, amount - recovered - elsewhere)
    assert pays <= terms.event_limit_fen
    assert pays + reserved <= terms.annual_limit_fen


LOSSES = st.lists(st.integers(min_value=0, max_value=9_000_000), min_size=1, max_size=6)


def of_the_year(terms: Product, losses: Sequence[int]) -> int:
    """What a year's losses are paid, decided in this order."""
    paid = borne = 0
    for loss in losses:
        pays = payable(terms, claim(amount_fen=loss), used(paid, borne))
        paid, borne = paid + pays.amount_fen, borne + pays.deductible_fen
    return paid


@given(losses=LOSSES, order=st.randoms(use_true_random=False), percent=st.integers(1, 100), deductible=FEN)
def test_without_a_years_deductible_the_years_total_is_the_same_in_any_order(
    losses: list[int], order: Random, percent: int, deductible: int
) -> None:
    terms = product(pay_percent=percent, event_deductible_fen=deductible)
    assert of_the_year(terms, order.sample(losses, len(losses))) == of_the_year(terms, losses)


@given(losses=LOSSES, order=st.randoms(use_true_random=False), percent=st.integers(1, 100), deductible=FEN)
def test_with_a_years_deductible_the_order_makes_a_fen_a_loss_where_no_loss_is_above_its_limit(
    losses: list[int], order: Random, percent: int, deductible: int
) -> None:
    terms = product(pay_percent=percent, annual_deductible_fen=deductible)
    small = [min(loss, terms.event_limit_fen) for loss in losses]
    apart = of_the_year(terms, order.sample(small, len(small))) - of_the_year(terms, small)
    assert abs(apart) < len(small)


@given(losses=LOSSES, order=st.randoms(use_true_random=False), percent=st.integers(1, 100), deductible=FEN)
def test_nowhere_does_the_order_make_more_than_the_years_deductible(
    losses: list[int], order: Random, percent: int, deductible: int
) -> None:
    terms = product(pay_percent=percent, annual_deductible_fen=deductible)
    apart = of_the_year(terms, order.sample(losses, len(losses))) - of_the_year(terms, losses)
    assert abs(apart) <= deductible * percent / 100 + len(losses)


@given(losses=st.tuples(FEN, FEN), percent=st.integers(1, 100), deductible=FEN, annual=FEN)
def test_a_larger_loss_is_never_paid_less(losses: tuple[int, int], percent: int, deductible: int, annual: int) -> None:
    terms = product(pay_percent=percent, event_deductible_fen=deductible, annual_deductible_fen=annual)
    less, more = (payable(terms, claim(amount_fen=loss), NOTHING_USED).amount_fen for loss in sorted(losses))
    assert less <= more
