"""Claims-made terms: when the claim was made, when the insurer had it, and how old the act may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import Coverage, Renewal
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


# Once a policy is renewed


def renewed(number: int = 1, *, terms: dict[str, Any] | None = None, **changes: Any) -> Renewal:
    """The ``number``-th renewal of a policy that began at START, each of a year."""
    year = timedelta(days=365)
    values: dict[str, Any] = {
        "effective_from": START + number * year,
        "effective_to": START + (number + 1) * year,
        "waits_from": START,
        "retroactive_from": START - timedelta(days=100),
        **changes,
    }
    return Renewal(coverage(**values), product(**CLAIMS_MADE, **(terms or {})))


def first_policy(*renewals: Renewal) -> Coverage:
    return coverage(retroactive_from=START - timedelta(days=100), renewals=renewals)


def made_after_the_term(**changes: Any) -> Claim:
    made = END + timedelta(days=10)
    values = {"occurred_at": LOSS, "discovered_at": made, "reported_at": made, "submitted_at": made, **changes}
    return claim(**values)


@pytest.mark.parametrize("made", [END, END + timedelta(days=200)], ids=["at once", "after the extended period too"])
def test_a_claim_that_is_made_after_the_term_is_the_renewals_and_who_reads_it_is_told_so(made: datetime) -> None:
    filed = made_after_the_term(discovered_at=made, reported_at=made, submitted_at=made)
    (rule,) = failed(terms=product(**CLAIMS_MADE), cover=first_policy(renewed()), filed=filed)
    assert (rule.code, rule.waivable) == ("made_outside_term", False)
    assert (
        rule.text_zh == "索赔在保险期间（2026-03-01 至 2027-03-01）之后首次提出，应按自 2027-03-01 起的续保保单申请。"
    )
    assert rule.text_en == (
        "The claim was first made after the term (2026-03-01 to 2027-03-01): "
        "it is the renewal's that began on 2027-03-01."
    )
    assert codes(terms=renewed().product, cover=renewed().coverage, filed=filed) == []


@pytest.mark.parametrize(
    "renewal",
    [
        renewed(effective_to=END, canceled=True),
        renewed(retroactive_from=LOSS + SECOND),
        renewed(terms={"scam_types": {}}),
        renewed(terms={"territory": ["HK"]}),
        renewed(terms={"product_version": 2}, effective_to=END + timedelta(days=10), retroactive_from=LOSS + SECOND),
    ],
    ids=[
        "canceled before it began",
        "begins to cover acts later",
        "leaves out the type of scam",
        "holds elsewhere",
        "covers acts later and ended early",
    ],
)
def test_what_the_renewal_does_not_answer_for_stays_with_the_policys_extended_period(renewal: Renewal) -> None:
    cover = first_policy(renewal)
    assert codes(terms=product(**CLAIMS_MADE), cover=cover, filed=made_after_the_term()) == []


def test_a_renewal_that_ended_early_answers_in_its_own_extended_period() -> None:
    ended = renewed(effective_to=END + timedelta(days=5), canceled=True)
    cover = first_policy(ended)
    assert codes(terms=product(**CLAIMS_MADE), cover=cover, filed=made_after_the_term()) == ["made_outside_term"]
    assert codes(terms=ended.product, cover=ended.coverage, filed=made_after_the_term()) == []


def test_a_claim_that_was_made_in_the_term_stays_with_its_policy_though_it_comes_after_the_renewal_began() -> None:
    made = END - SECOND
    filed = made_after_the_term(discovered_at=made, reported_at=made)
    assert codes(terms=product(**CLAIMS_MADE), cover=first_policy(renewed()), filed=filed) == []


def test_what_the_renewal_answers_for_is_not_told_also_that_it_was_received_too_late() -> None:
    filed = made_after_the_term(submitted_at=END + timedelta(days=31))
    assert codes(terms=product(**CLAIMS_MADE), cover=first_policy(renewed()), filed=filed) == ["made_outside_term"]


@pytest.mark.parametrize(
    ("extended", "last_is_canceled", "expected"),
    [
        ([90, 90, 90], False, ["made_outside_term", "made_outside_term", None]),
        ([90, 0, 90], False, ["made_outside_term", "made_outside_term", None]),
        ([90, 90, 90], True, ["made_outside_term", None, "not_in_force"]),
        ([90, 0, 90], True, [None, "made_outside_term", "not_in_force"]),
    ],
    ids=["all extend", "the second does not extend", "the third never began", "only the first answers"],
)
def test_of_a_chain_of_monthly_terms_just_one_policy_answers_for_a_claim_of_the_third_month(
    extended: list[int], *, last_is_canceled: bool, expected: list[str | None]
) -> None:
    month = timedelta(days=30)
    chain = []
    for number, days in enumerate(extended):
        begins = START + number * month
        ends = begins if last_is_canceled and number == len(extended) - 1 else begins + month
        policy = coverage(effective_from=begins, effective_to=ends, waits_from=START)
        chain.append(Renewal(policy, product(**{**CLAIMS_MADE, "extended_reporting_days": days})))
    made = START + timedelta(days=70)
    filed = claim(occurred_at=START, discovered_at=made, reported_at=made, submitted_at=made)
    for number, each in enumerate(chain):
        cover = replace(each.coverage, renewals=tuple(chain[number + 1 :]))
        told = [expected[number]] if expected[number] else []
        assert codes(terms=each.product, cover=cover, filed=filed) == told
