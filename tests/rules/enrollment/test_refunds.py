"""What is given back when a policy ends early, and what a change on the way costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.policies.domain.refunds import Charge, of_added, of_removed, refund, total
from services.enrollment.products.domain.amounts import NOTHING, Amounts
from services.enrollment.products.domain.cover import cover_period
from shared.events.products import RefundStep
from shared.values.money import Fen
from tests.rules.enrollment.builders import terms

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 3, 2)
COVER = cover_period(terms(), FIRST)
TABLE = [
    RefundStep(from_day=0, refund_percent=90),
    RefundStep(from_day=30, refund_percent=50),
    RefundStep(from_day=180, refund_percent=0),
]


def amounts(premium: int, tax: int = 0, compensation: int = 0) -> Amounts:
    return Amounts(Fen(premium), Fen(tax), Fen(compensation))


SOLD = amounts(1200, 68, 170)


def given_back(now: datetime, *, claimed: bool = False, table: list[RefundStep] | None = None) -> Amounts:
    return refund([Charge(SOLD, FIRST)], COVER, ZONE, table=table or [], now=now, claimed=claimed)


def removed(
    per_term: int,
    charged: Amounts,
    charged_from: date,
    day: date,
    *,
    table: list[RefundStep] | None = None,
    claimed: bool = False,
) -> Amounts:
    days = (charged_from, day)
    return of_removed(Fen(per_term), charged, COVER, days, ZONE, table=table or [], claimed=claimed, by_policy=False)


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
    assert given_back(now).premium == fen


def test_tax_and_compensation_go_back_in_the_proportion_of_the_premium() -> None:
    half = given_back(COVER.start + timedelta(days=181))
    assert half == amounts(601, 34, 85)  # 183 of 365 days; 34.05 and 85.14


def test_a_policy_that_has_not_begun_is_undone_to_the_fen() -> None:
    assert given_back(COVER.start - timedelta(days=1)) == SOLD
    assert given_back(COVER.start - timedelta(days=1), table=TABLE) == SOLD


@pytest.mark.parametrize(
    ("day", "fen"), [(0, 1080), (29, 1080), (30, 600), (179, 600), (180, 0), (364, 0), (365, 0), (400, 0)]
)
def test_a_table_says_by_the_day_of_cover_how_much_is_given_back(day: int, fen: int) -> None:
    begins = COVER.start + timedelta(days=day)
    assert given_back(begins, table=TABLE).premium == fen
    assert given_back(begins + timedelta(hours=23, minutes=59), table=TABLE).premium == fen


def test_nothing_is_given_back_once_a_claim_was_approved() -> None:
    assert given_back(COVER.start, claimed=True) == NOTHING
    assert given_back(COVER.start, claimed=True, table=TABLE) == NOTHING


def test_what_is_added_on_the_way_costs_the_days_that_are_left() -> None:
    added = of_added(Fen(3650), SOLD, COVER, FIRST + timedelta(days=265), ZONE, by_policy=False)
    assert added == amounts(1000, 56, 141)


def test_what_is_added_is_rounded_down_as_it_would_be_given_back() -> None:
    day = FIRST + timedelta(days=364)  # one day of 365: 9.997 fen of premium, then shares of 9 fen: 0.51 and 1.275
    added = of_added(Fen(3649), SOLD, COVER, day, ZONE, by_policy=False)
    assert added == amounts(9, 0, 1)
    assert removed(3649, SOLD, day, day) == amounts(-9, 0, -1)


def test_a_fee_for_each_policy_does_not_grow_with_what_the_policy_lists() -> None:
    added = of_added(Fen(3650), SOLD, COVER, FIRST, ZONE, by_policy=True)
    assert (added.premium, added.compensation) == (3650, 0)


def test_what_was_added_and_removed_at_once_costs_nothing() -> None:
    day = FIRST + timedelta(days=100)
    added = of_added(Fen(3650), SOLD, COVER, day, ZONE, by_policy=False)
    charged = total([Charge(SOLD, FIRST), Charge(added, day)])
    assert added.premium + removed(3650, charged, day, day).premium == 0


def test_what_was_listed_at_the_sale_gives_back_the_days_that_are_left_or_what_the_table_says() -> None:
    day = FIRST + timedelta(days=100)
    assert removed(3650, SOLD, FIRST, FIRST).premium == -1200, "no more than all that was charged"
    assert removed(730, SOLD, FIRST, day) == amounts(-530, -30, -75)  # 265 of 365 days
    assert removed(730, SOLD, FIRST, day, table=TABLE).premium == -365  # half
    assert removed(730, SOLD, FIRST, FIRST + timedelta(days=180), table=TABLE) == NOTHING
    assert removed(730, SOLD, day, day, table=TABLE).premium == -530, "none of its days was covered"


def test_nothing_is_given_back_for_what_is_removed_once_a_claim_was_approved() -> None:
    assert removed(730, SOLD, FIRST, FIRST + timedelta(days=100), claimed=True) == NOTHING


def test_an_adjustment_counts_as_if_the_policy_had_been_sold_so() -> None:
    less = [Charge(SOLD, FIRST), Charge(amounts(-400, -22, -56), FIRST)]
    half = COVER.start + timedelta(days=181)
    assert refund(less, COVER, ZONE, table=[], now=half, claimed=False) == amounts(400, 23, 57)
    none_left = [Charge(SOLD, FIRST), Charge(amounts(-1200, -68, 0), FIRST)]
    for now in (COVER.start - timedelta(days=1), half):
        assert refund(none_left, COVER, ZONE, table=[], now=now, claimed=False) == NOTHING


def test_what_was_added_for_later_is_given_back_whole_if_the_policy_ends_before() -> None:
    later = FIRST + timedelta(days=300)
    added = of_added(Fen(3650), SOLD, COVER, later, ZONE, by_policy=False)
    charges = [Charge(SOLD, FIRST), Charge(added, later)]
    back = refund(charges, COVER, ZONE, table=[], now=COVER.start + timedelta(days=10), claimed=False)
    assert back.premium == 1200 * 354 // 365 + added.premium


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Charge], datetime, list[RefundStep]]:
    """A policy sold, changed a few times by items coming and going, and ended some day."""
    each = draw(st.integers(0, 50_000))
    listed_from = [FIRST] * draw(st.integers(0, 5))
    premium = draw(st.integers(0, 100_000)) + each * len(listed_from)
    sold = amounts(premium, draw(st.integers(0, premium)), draw(st.integers(0, premium + 500)))
    table = draw(st.sampled_from([[], TABLE]))
    charges = [Charge(sold, FIRST)]
    for _ in range(draw(st.integers(0, 6))):
        day = draw(st.dates(FIRST, FIRST + timedelta(days=364)))
        by_policy = draw(st.booleans())
        if len(listed_from) > 0 and draw(st.booleans()):
            since = listed_from.pop(draw(st.integers(0, len(listed_from) - 1)))
            day = max(day, since)
            change = of_removed(
                Fen(each), total(charges), COVER, (since, day), ZONE, table=table, claimed=False, by_policy=by_policy
            )
        else:
            change = of_added(Fen(each), sold, COVER, day, ZONE, by_policy=by_policy)
            listed_from.append(day)
        charges.append(Charge(change, day))
    now = COVER.start + timedelta(minutes=draw(st.integers(-60 * 24 * 30, 60 * 24 * 400)))
    return charges, now, table


@given(lives())
def test_over_a_policys_life_no_more_is_given_back_than_was_charged(
    life: tuple[list[Charge], datetime, list[RefundStep]],
) -> None:
    charges, now, table = life
    charged = total(charges)
    assert (charged.premium, charged.tax, charged.compensation) >= (0, 0, 0)
    assert min(charged.premium, charged.tax, charged.compensation) >= 0
    back = refund(charges, COVER, ZONE, table=table, now=now, claimed=False)
    assert 0 <= back.premium <= charged.premium
    assert 0 <= back.tax <= charged.tax
    assert 0 <= back.compensation <= charged.compensation


@given(lives())
def test_who_ends_a_policy_later_gets_back_no_more(life: tuple[list[Charge], datetime, list[RefundStep]]) -> None:
    charges, now, table = life
    last = max(each.first_day for each in charges)
    begins = max(now, COVER.start, datetime.combine(last, datetime.min.time(), ZONE))
    today = refund(charges, COVER, ZONE, table=table, now=begins, claimed=False)
    tomorrow = refund(charges, COVER, ZONE, table=table, now=begins + timedelta(days=1), claimed=False)
    assert tomorrow.premium <= today.premium + 1  # each change is rounded by itself, by less than a fen
