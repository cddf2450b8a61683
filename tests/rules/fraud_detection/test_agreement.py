"""How far persons agree, against figures that were worked out by hand."""

from __future__ import annotations

import pytest

from services.fraud_detection.reviews.domain.agreement import (
    MINIMUM,
    Agreement,
    Answer,
    Judged,
    agreement,
    statistics,
)

A: Answer = "approved"
R: Answer = "refused"


def pairs(both_approve: int, first_alone: int, second_alone: int, both_refuse: int) -> list[tuple[Answer, Answer]]:
    """``first_alone``: so many that the first of two approves alone."""
    return [(A, A)] * both_approve + [(A, R)] * first_alone + [(R, A)] * second_alone + [(R, R)] * both_refuse


def judged(reviewer: str, outcome: Answer, second: tuple[str, Answer] | None = None, seconds: float = 60) -> Judged:
    by, decided = second or (None, None)
    return Judged(reviewer=reviewer, outcome=outcome, seconds=seconds, second_reviewer=by, second_outcome=decided)


@pytest.mark.parametrize(
    ("found", "same", "kappa"),
    [
        # 35 of 50 alike; by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5; (0.7 - 0.5) / 0.5.
        (pairs(20, 5, 10, 15), 0.7, 0.4),
        # 19 of 25 alike; by chance (14 x 12 + 11 x 13) / 625 = 0.4976; 0.2624 / 0.5024.
        (pairs(10, 4, 2, 9), 0.76, 0.5223),
        # All alike, both answers given.
        (pairs(10, 0, 0, 10), 1.0, 1.0),
        # Never alike; by chance a half.
        (pairs(0, 10, 10, 0), 0.0, -1.0),
        # 12 of 24 alike; by chance (12 x 12 + 12 x 12) / 576 = 0.5: nothing beyond it.
        (pairs(6, 6, 6, 6), 0.5, 0.0),
    ],
)
def test_kappa_is_what_is_left_of_agreement_beyond_chance(
    found: list[tuple[Answer, Answer]], same: float, kappa: float
) -> None:
    assert agreement(found) == Agreement(pairs=len(found), same_share=same, kappa=kappa)


def test_below_the_minimum_only_the_number_is_told() -> None:
    found = pairs(MINIMUM - 2, 0, 0, 1)
    assert agreement(found) == Agreement(pairs=MINIMUM - 1, same_share=None, kappa=None)
    assert agreement([*found, (R, R)]).same_share == 1.0
    assert agreement([]) == Agreement(pairs=0, same_share=None, kappa=None)


@pytest.mark.parametrize("found", [pairs(0, 0, 8, 17), pairs(0, 0, 0, 25), pairs(17, 0, 8, 0)])
def test_where_one_of_two_gave_one_answer_alone_there_is_no_kappa(found: list[tuple[Answer, Answer]]) -> None:
    """After appeals the first one refused, always; the formula would say 0 and mean nothing."""
    told = agreement(found)
    assert told.kappa is None
    assert told.same_share is not None


def test_each_person_has_figures_of_their_own() -> None:
    told = statistics(
        [
            judged("li", R, ("wang", A), seconds=30),
            judged("li", R, ("wang", R), seconds=90),
            judged("li", A, seconds=600),
            judged("li", A, seconds=1_000),
            judged("wang", R, ("zhao", R), seconds=10),
        ]
    )
    li, wang = told.reviewers
    assert (li.reviewer, li.decided, li.approved, li.refused) == ("li", 4, 2, 2)
    assert (li.median_seconds, li.second_decisions, li.overturned, li.agreement.pairs) == (345, 2, 1, 2)
    assert (wang.decided, wang.second_decisions, wang.overturned, wang.agreement.pairs) == (1, 1, 0, 3)
    assert told.agreement.pairs == 3


def test_who_is_the_first_of_two_does_not_matter_to_how_far_they_agree() -> None:
    """A person's own answers stand first in their pairs, whether they decided first or second."""
    given = [judged("li", A, ("wang", A))] * 6 + [judged("li", A, ("wang", R))] * 6
    given += [judged("wang", R, ("li", R))] * 6 + [judged("wang", A, ("li", R))] * 6
    li, wang = statistics(given).reviewers
    assert li.agreement == wang.agreement
    # Li approved 12 and refused 12, Wang too: by chance a half, and 12 of 24 alike.
    assert li.agreement == Agreement(pairs=24, same_share=0.5, kappa=0.0)


def test_of_nothing_nothing_is_told() -> None:
    assert statistics([]).reviewers == ()
