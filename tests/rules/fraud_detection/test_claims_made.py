"""Claims-made terms: when the claim was made, when the insurer had it, and how old the act may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.rules.fraud_detection.builders import LOSS, START, claim, coverage, failed, product

END = START + timedelta(days=365)
SECOND = timedelta(seconds=1)


def codes(**arguments: Any) -> list[str]:
    return [rule.code for rule in failed(**arguments)]


CLAIMS_MADE: dict[str, Any] = {"trigger": "claims_made", "retroactive_days": 100, "extended_reporting_days": 30}


@pytest.mark.parametrize(
    ("act", "made", "expected"),
    [
        (START, START + timedelta(days=7), []),
        (START - timedelta(days=100), START + timedelta(days=7), []),
        (START - timedelta(days=100) - SECOND, START + timedelta(days=7), ["act_before_retroactive_date"]),
        (START - timedelta(days=1), START - SECOND, ["made_outside_term"]),
        (START, START + timedelta(days=6), ["waiting_period"]),
        (END - SECOND, END + timedelta(days=30) - SECOND, []),
        (END - SECOND, END + timedelta(days=30), ["made_outside_term"]),
        (END, END + timedelta(days=1), ["not_in_force"]),
    ],
    ids=[
        "act and claim in the term",
        "the oldest act",
        "an act too old",
        "made before the term",
        "made while waiting",
        "the last moment of the extended period",
        "after the extended period",
        "an act after the end",
    ],
)
def test_claims_made_asks_when_the_claim_was_made_and_how_old_the_act_is(
    act: Any, made: Any, expected: list[str]
) -> None:
    filed = claim(occurred_at=act, discovered_at=made, reported_at=made, submitted_at=made)
    assert codes(terms=product(**CLAIMS_MADE, look_back_hours=1), filed=filed) == expected


def test_the_policys_own_retroactive_date_goes_before_the_products_days() -> None:
    filed = claim(occurred_at=START - timedelta(days=101), discovered_at=LOSS, reported_at=LOSS, submitted_at=LOSS)
    cover = coverage(retroactive_from=START - timedelta(days=200))
    assert codes(terms=product(**CLAIMS_MADE), cover=cover, filed=filed) == []
    assert codes(terms=product(**CLAIMS_MADE), filed=filed) == ["act_before_retroactive_date"]


def test_a_canceled_claims_made_policy_counts_its_extended_period_from_the_early_end() -> None:
    early = coverage(effective_to=LOSS, canceled=True)
    at = {"discovered_at": LOSS + timedelta(days=29), "reported_at": LOSS + timedelta(days=29)}
    terms = product(**CLAIMS_MADE)
    assert codes(terms=terms, cover=early, filed=claim(occurred_at=LOSS - SECOND, **at)) == []
    late = {"discovered_at": LOSS + timedelta(days=30), "reported_at": LOSS + timedelta(days=30)}
    assert codes(terms=terms, cover=early, filed=claim(occurred_at=LOSS - SECOND, **late)) == ["made_outside_term"]


def test_a_claims_made_policy_that_was_canceled_before_it_began_has_no_extended_period() -> None:
    never = coverage(effective_to=START, canceled=True)
    at = {"discovered_at": START + timedelta(days=20), "reported_at": START + timedelta(days=20)}
    filed = claim(occurred_at=START - timedelta(days=50), **at)
    assert codes(terms=product(**CLAIMS_MADE), cover=never, filed=filed) == ["not_in_force"]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (END + timedelta(days=30) - SECOND, []),
        (END + timedelta(days=30), ["received_outside_term"]),
        (START + timedelta(days=4000), ["received_outside_term"]),
    ],
    ids=["the last moment", "a moment too late", "ten years later"],
)
def test_a_claims_made_cover_asks_when_the_insurer_received_the_claim(received: Any, expected: list[str]) -> None:
    filed = claim(occurred_at=START, discovered_at=LOSS, reported_at=LOSS, submitted_at=received)
    found = failed(terms=product(**CLAIMS_MADE), filed=filed)
    assert [rule.code for rule in found] == expected
    assert all(rule.waivable for rule in found)
    assert codes(filed=claim(submitted_at=received)) == []


def test_a_claim_that_was_made_too_late_is_not_told_also_that_it_was_received_too_late() -> None:
    late = END + timedelta(days=31)
    filed = claim(occurred_at=START, discovered_at=late, reported_at=late, submitted_at=late)
    assert codes(terms=product(**CLAIMS_MADE), filed=filed) == ["made_outside_term"]
