"""What is given back when a policy ends early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.domain.cover import cover_period, end_when_canceled, refund
from shared.values.money import Fen
from tests.rules.enrollment.builders import terms

ZONE = ZoneInfo("Asia/Shanghai")
COVER = cover_period(terms(), date(2026, 3, 2))
PREMIUM = Fen(1200)


def given_back(now: datetime, *, paid: int = 0) -> int:
    return refund(PREMIUM, COVER, ZONE, now=now, paid=Fen(paid))


@pytest.mark.parametrize(
    ("now", "fen"),
    [
        (datetime(2026, 2, 1, tzinfo=UTC), 1200),  # long before it begins
        (COVER.start - timedelta(seconds=1), 1200),
        (COVER.start, 1196),  # the first day has begun: 364 of 365 days, 1196.71
        (COVER.start + timedelta(days=1), 1193),  # the second has
        (COVER.end - timedelta(seconds=1), 0),
        (COVER.end + timedelta(days=10), 0),
    ],
)
def test_the_premium_of_the_days_not_begun_is_given_back_rounded_down(now: datetime, fen: int) -> None:
    assert given_back(now) == fen


def test_nothing_is_given_back_once_a_claim_was_paid() -> None:
    assert given_back(COVER.start, paid=1) == 0


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_never_more_than_the_premium_and_never_less_than_nothing(now: datetime) -> None:
    assert 0 <= given_back(now) <= PREMIUM
    assert given_back(now + timedelta(days=1)) <= given_back(now)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_cover_that_is_canceled_ends_inside_its_own_term(now: datetime) -> None:
    assert COVER.start <= end_when_canceled(COVER, now) <= COVER.end
