"""What of a premium is tax, and what the partner keeps, to the fen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.products.domain.compensation import (
    NO_COMPENSATION,
    Compensation,
    compensation_of,
    share,
    tax_in,
)
from shared.values.money import Fen


@pytest.mark.parametrize(
    ("premium", "basis_points", "tax"), [(1200, 0, 0), (1200, 600, 68), (1060, 600, 60), (0, 600, 0), (1, 600, 0)]
)
def test_tax_is_that_contained_in_the_premium(premium: int, basis_points: int, tax: int) -> None:
    assert tax_in(Fen(premium), basis_points) == tax


def test_a_commission_is_of_the_premium_without_tax_and_a_fee_is_by_the_policy() -> None:
    assert compensation_of(Fen(1200), Fen(68), Compensation("commission", 1500)) == 170
    assert compensation_of(Fen(1200), Fen(68), Compensation("service_fee", 50)) == 50
    assert compensation_of(Fen(1200), Fen(68), NO_COMPENSATION) == 0


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_parts_given_back_never_sum_up_to_more_than_the_amount(amount: int, parts: list[int]) -> None:
    whole = Fen(sum(parts))
    assert sum(share(Fen(amount), Fen(part), whole) for part in parts) <= amount
