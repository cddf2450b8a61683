"""Clocks that stop while others are waited for, business days of China, and the public series."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.clocks import LIMITS, Clock, Reached, clocks, decide_by
from services.fraud_detection.claims.domain.states import STEPS, State
from services.fraud_detection.service_levels.domain.business_days import business_days_after, is_business_day
from services.fraud_detection.service_levels.domain.series import Answered, series

BEGIN = datetime(2026, 5, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def course(*steps: tuple[State, float]) -> tuple[Reached, ...]:
    return tuple(Reached(state, BEGIN + day * DAY) for state, day in steps)


def one(kind: str, steps: tuple[Reached, ...], day: float) -> Clock:
    (found,) = [each for each in clocks(steps, BEGIN + day * DAY) if each.kind == kind]
    return found


def test_a_clock_stands_still_while_documents_are_waited_for() -> None:
    steps = course(("filed", 0), ("in_review", 1), ("documents_requested", 3), ("filed", 13), ("in_review", 13))
    clock = one("assess", steps, 20)
    assert clock.used == 10 * DAY
    assert clock.paused == {"documents": 10 * DAY}
    assert clock.due_at == BEGIN + 40 * DAY


def test_a_clock_that_stands_still_has_no_end_yet_and_says_for_whom_it_waits() -> None:
    clock = one("assess", course(("filed", 0), ("in_review", 0), ("waiting_for_police", 2)), 50)
    assert (clock.due_at, clock.waits_for, clock.used) == (None, "police", 2 * DAY)


@pytest.mark.parametrize(
    ("day", "near", "broken"), [(23, False, False), (24, True, False), (30, True, False), (31, False, True)]
)
def test_it_is_told_before_it_is_broken(day: int, *, near: bool, broken: bool) -> None:
    clock = one("assess", course(("filed", 0), ("in_review", 0)), day)
    assert (clock.near, clock.broken) == (near, broken)


@pytest.mark.parametrize(
    ("steps", "day"),
    [
        (course(("filed", 0), ("in_review", 1)), 30),
        (course(("filed", 0), ("in_review", 1), ("documents_requested", 3), ("filed", 53), ("in_review", 53)), 80),
        (course(("filed", 0), ("refused", 9), ("appealed", 12), ("in_review", 12)), 42),
        (course(("filed", 0), ("approved", 1), ("paying", 1), ("payment_failed", 2), ("in_review", 50)), 80),
    ],
)
def test_by_when_a_person_decides_leaves_out_what_others_took(steps: tuple[Reached, ...], day: int) -> None:
    assert decide_by(steps) == BEGIN + day * DAY


def test_the_days_of_recovery_wait_are_none_of_paying() -> None:
    clock = one("pay", course(("filed", 0), ("approved", 1), ("recovery_wait", 1), ("paying", 4), ("paid", 5)), 90)
    assert (clock.used, clock.paused, clock.ended_at) == (DAY, {"recovery": 3 * DAY}, BEGIN + 5 * DAY)


def test_a_payment_made_good_has_a_clock_of_its_own() -> None:
    steps = course(("filed", 0), ("approved", 1), ("paying", 1), ("payment_failed", 2), ("filed", 30), ("approved", 30))
    first, second = (each for each in clocks(steps, BEGIN + 31 * DAY) if each.kind == "pay")
    assert (first.began_at, first.ended_at, first.paused) == (BEGIN + DAY, BEGIN + 30 * DAY, {"payee": 28 * DAY})
    assert (second.began_at, second.used, second.due_at) == (BEGIN + 30 * DAY, DAY, BEGIN + 40 * DAY)


def test_nothing_is_to_be_paid_while_an_approval_that_was_taken_back_is_decided_anew() -> None:
    steps = course(("filed", 0), ("approved", 1), ("paying", 1), ("payment_failed", 2), ("filed", 3), ("in_review", 3))
    clock = one("pay", steps, 90)
    assert (clock.ended_at, clock.used, clock.due_at, clock.broken) == (BEGIN + 3 * DAY, DAY, None, False)


def test_an_appeal_has_its_own_clock_and_the_first_one_stays_as_it_ended() -> None:
    steps = course(("filed", 0), ("in_review", 0), ("refused", 9), ("appealed", 40), ("in_review", 40))
    assert one("assess", steps, 50).used == 9 * DAY
    assert one("appeal", steps, 50).used == 10 * DAY


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10**6)), max_size=12), st.integers(0, 10**7))
def test_time_is_neither_lost_nor_counted_twice(walk: list[tuple[int, int]], later: int) -> None:
    """Whatever way a claim goes: used and paused together are what passed since the clock began."""
    state: State = "filed"
    steps = [Reached(state, BEGIN)]
    for choice, seconds in walk:
        following = sorted(to for before, to in STEPS if before == state)
        if not following:
            break
        state = following[choice % len(following)]
        steps.append(Reached(state, steps[-1].at + timedelta(seconds=seconds)))
    now = steps[-1].at + timedelta(seconds=later)
    for clock in clocks(steps, now):
        assert clock.used + sum(clock.paused.values(), timedelta(0)) == (clock.ended_at or now) - clock.began_at
        assert clock.used >= timedelta(0)
        assert (clock.due_at is None) == (clock.ended_at is not None or clock.waits_for is not None)
    assert all(before.at <= after.at for before, after in pairwise(steps))


def test_business_days_pass_over_holidays_and_count_the_weekend_days_that_are_worked() -> None:
    """The State Council's notice on holidays of 2026: October 1 to 7 off, Saturday the 10th worked."""
    assert [is_business_day(date(2026, 10, day))[0] for day in (1, 7, 8, 10, 11)] == [False, False, True, True, False]
    first = datetime(2026, 9, 30, 4, tzinfo=UTC)
    assert business_days_after(first, first + 10 * DAY).count == 3
    assert business_days_after(first, first + 10 * DAY).guessed_years == frozenset()


def test_a_year_that_is_not_announced_is_told_and_has_weekends_alone() -> None:
    friday = datetime(2199, 3, 1, 4, tzinfo=UTC)
    found = business_days_after(friday, friday + 3 * DAY)
    assert (found.count, found.guessed_years) == (1, frozenset({2199}))


def test_a_business_day_is_one_of_chinas_calendar_and_not_of_utcs() -> None:
    thursday_evening = datetime(2026, 5, 14, 16, 30, tzinfo=UTC)
    assert business_days_after(thursday_evening, thursday_evening + timedelta(hours=15)).count == 0


def answered(days: float, *, paid: int = 0, in_scope: bool = True, against: bool = False) -> Answered:
    clock = one("assess", course(("filed", 0), ("in_review", 0), ("approved", days)), 90)
    return Answered(lost_fen=100, paid_fen=paid, in_scope=in_scope, found_against=against, decision=clock)


def test_the_series() -> None:
    found = series(
        [answered(1, paid=100), answered(20, paid=50), answered(80, against=True), answered(1, in_scope=False)]
    )
    assert (found.claims, found.decided) == (4, 4)
    assert found.value_paid_share == 0.5
    assert found.decided_within_5_business_days_share == 0.5
    assert found.decided_within_35_business_days_share == 0.75
    assert found.refused_by_finding_share == pytest.approx(1 / 3, abs=1e-4)
    assert (found.p50, found.p99) != (None, None)
    assert found.p99 is not None
    assert (found.p99.total, found.p99.waiting) == (80 * DAY, timedelta(0))


def test_where_nothing_was_filed_no_share_is_made_up() -> None:
    found = series([])
    assert (found.value_paid_share, found.decided_within_5_business_days_share, found.p50) == (None, None, None)


def test_each_clock_has_a_limit() -> None:
    assert {kind: limit.days for kind, limit in LIMITS.items()} == {
        "assess": 30,
        "undisputed_part": 60,
        "pay": 10,
        "appeal": 30,
    }
