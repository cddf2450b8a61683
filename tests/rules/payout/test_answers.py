"""What follows from each answer of a bank, in each state of a payout."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payout.domain.answers import (
    Accepted,
    Answer,
    Done,
    NoAnswer,
    Rejected,
    Returned,
    Standing,
    Step,
    Unknown,
    Wait,
    after,
)
from services.payout.domain.retry_delay import RetryPolicy
from services.payout.domain.states import STEPS, State

POLICY = RetryPolicy(attempts=3, quiet_seconds=30)
STATES: tuple[State, ...] = get_args(State)
ANSWERS: tuple[Answer, ...] = (Done(), Accepted(), Rejected("closed"), Returned("frozen"), Unknown(), NoAnswer("x"))


def standing(state: State, *, attempts: int = 1, seconds: float = 60, approved: bool = True) -> Standing:
    return Standing(state, attempts, seconds, approved)


@settings(deadline=None)
@given(
    state=st.sampled_from(STATES),
    answer=st.sampled_from(ANSWERS),
    attempts=st.integers(1, 5),
    seconds=st.floats(0, 100),
    approved=st.booleans(),
)
def test_every_answer_in_every_state_leads_by_legal_steps_alone(
    state: State, answer: Answer, attempts: int, seconds: float, *, approved: bool
) -> None:
    steps = after(standing(state, attempts=attempts, seconds=seconds, approved=approved), answer, POLICY)
    if not isinstance(steps, Wait):
        path = [state, *(step.to for step in steps)]
        assert set(pairwise(path)) <= STEPS


@pytest.mark.parametrize("state", ["sending", "in_doubt", "accepted"])
def test_money_that_moved_is_paid_from_wherever_we_stood(state: State) -> None:
    assert after(standing(state), Done(), POLICY) == (Step("paid"),)


@pytest.mark.parametrize("state", ["sending", "in_doubt", "accepted"])
def test_money_that_came_back_unseen_was_paid_first(state: State) -> None:
    assert after(standing(state), Returned("frozen"), POLICY) == (Step("paid"), Step("returned", "bank_frozen"))


def test_no_answer_after_a_send_is_doubt_and_never_another_send() -> None:
    assert after(standing("sending"), NoAnswer("ReadTimeout"), POLICY) == (Step("in_doubt"),)
    assert after(standing("in_doubt"), NoAnswer("ReadTimeout"), POLICY) == Wait()


def test_only_the_banks_word_that_it_knows_nothing_leads_to_another_send() -> None:
    to_send = [
        (state, answer)
        for state in STATES
        for answer in ANSWERS
        if not isinstance(steps := after(standing(state), answer, POLICY), Wait)
        and any(step.to == "scheduled" for step in steps)
    ]
    assert to_send == [("in_doubt", Unknown())]


def test_a_dead_workers_send_is_doubted_before_it_is_sent_again() -> None:
    assert after(standing("sending"), Unknown(), POLICY) == (Step("in_doubt"),)


def test_the_last_attempt_is_given_up_only_when_the_bank_was_quiet_long_enough() -> None:
    assert after(standing("in_doubt", attempts=3, seconds=29), Unknown(), POLICY) == Wait()
    assert after(standing("in_doubt", attempts=3, seconds=30), Unknown(), POLICY) == (Step("rejected", "bank_silent"),)


def test_what_is_no_longer_approved_is_not_sent_again() -> None:
    given_up = after(standing("in_doubt", approved=False), Unknown(), POLICY)
    assert given_up == (Step("rejected", "claim_refused"),)
    taken_back = replace(standing("in_doubt", approved=False), taken_back=True)
    assert after(taken_back, Unknown(), POLICY) == (Step("rejected", "approval_taken_back"),)
    assert after(standing("in_doubt", approved=False, seconds=1), Unknown(), POLICY) == Wait()


def test_a_bank_that_forgets_an_accepted_order_is_a_case_for_a_person() -> None:
    assert after(standing("accepted"), Unknown(), POLICY) == Wait()


@pytest.mark.parametrize("state", ["paid", "rejected", "returned"])
def test_what_is_over_stays_over_when_it_is_heard_again(state: State) -> None:
    for answer in (Done(), Rejected("closed")):
        assert after(standing(state), answer, POLICY) == ()
