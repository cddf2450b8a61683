"""Which claims the cover pays for, by the terms that the resident bought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.decisions.domain.sentences import SENTENCES
from shared.values.rule_codes import RULE_CODES
from tests.rules.fraud_detection.builders import (
    ALL_EVIDENCE,
    FIRST_CLAIM,
    LOSS,
    OTHER_PERSON,
    START,
    claim,
    coverage,
    failed,
    other,
    product,
    used,
)

END = START + timedelta(days=365)
COVER_BEGINS = START + timedelta(days=7)
SECOND = timedelta(seconds=1)


def codes(**arguments: Any) -> list[str]:
    return [rule.code for rule in failed(**arguments)]


def test_an_honest_claim_inside_the_cover_fails_no_rule() -> None:
    assert failed() == ()


@pytest.mark.parametrize(
    ("occurred_at", "expected"),
    [
        (START - SECOND, ["not_in_force"]),
        (START, ["waiting_period"]),
        (COVER_BEGINS - SECOND, ["waiting_period"]),
        (COVER_BEGINS, []),
        (END - SECOND, []),
        (END, ["not_in_force"]),
    ],
    ids=[
        "a second before it begins",
        "its first second",
        "waiting",
        "the waiting is over",
        "its last second",
        "after it",
    ],
)
def test_a_loss_counts_from_the_end_of_the_waiting_period_to_the_end_of_the_policy(
    occurred_at: Any, expected: list[str]
) -> None:
    assert codes(filed=claim(occurred_at=occurred_at)) == expected


def test_a_loss_after_an_early_cancellation_is_not_covered() -> None:
    assert codes(cover=coverage(effective_to=LOSS, canceled=True)) == ["not_in_force"]


@pytest.mark.parametrize(
    ("terms", "filed", "expected"),
    [
        ({}, {"scam_type": "illegal_online"}, ["scam_type_excluded"]),
        ({}, {"scam_type": "game_trade"}, []),
        ({"scam_types": {}}, {}, ["scam_type_excluded"]),
        ({}, {"discovered_at": LOSS, "reported_at": LOSS + timedelta(hours=48)}, []),
        ({}, {"discovered_at": LOSS, "reported_at": LOSS + timedelta(hours=48, seconds=1)}, ["report_too_late"]),
        ({}, {"discovered_at": LOSS + timedelta(hours=72), "reported_at": LOSS + timedelta(hours=72)}, []),
        (
            {},
            {"discovered_at": LOSS + timedelta(hours=73), "reported_at": LOSS + timedelta(hours=73)},
            ["outside_look_back"],
        ),
        ({}, {"person_token": OTHER_PERSON}, ["not_the_insured"]),
        ({}, {"amount_fen": 100, "recovered_fen": 60, "other_insurance_fen": 40}, ["fully_recovered"]),
        ({"event_deductible_fen": 1_440_000}, {}, ["below_deductible"]),
        ({"event_deductible_fen": 1_439_900}, {}, []),
    ],
)
def test_each_term_of_the_product_decides_its_own_case(
    terms: dict[str, Any], filed: dict[str, Any], expected: list[str]
) -> None:
    assert codes(terms=product(**terms), filed=claim(**filed)) == expected


@pytest.mark.parametrize(
    ("birth_year", "expected"),
    [(2026 - 15, ["age_out_of_range"]), (2026 - 16, []), (2026 - 81, []), (2026 - 82, ["age_out_of_range"]), (0, [])],
)
def test_a_doubt_of_one_year_about_the_age_is_the_residents_benefit(birth_year: int, expected: list[str]) -> None:
    assert codes(cover=coverage(birth_year=birth_year)) == expected


def test_who_was_insured_at_a_covered_age_stays_covered_until_the_term_ends() -> None:
    new_year = datetime(2027, 1, 20, 4, tzinfo=UTC)
    filed = claim(occurred_at=new_year, discovered_at=new_year, reported_at=new_year, submitted_at=new_year)
    cover = coverage(birth_year=2026 - 81, effective_to=datetime(2027, 5, 1, tzinfo=UTC))
    assert codes(cover=cover, filed=filed) == []


@pytest.mark.parametrize(("loss", "says"), [(300_000, "not exceed the deductible"), (300_001, "less than one fen")])
def test_a_loss_that_comes_to_nothing_is_told_the_true_reason(loss: int, says: str) -> None:
    terms = product(event_deductible_fen=300_000, pay_percent=70)
    (rule,) = failed(terms=terms, filed=claim(amount_fen=loss))
    assert rule.code == "below_deductible"
    assert says in rule.text_en


def test_a_used_up_annual_limit_leaves_nothing_to_pay() -> None:
    assert codes(use=used(5_000_000)) == ["limit_used_up"]
    assert codes(use=used(4_999_999)) == []


def test_a_resident_hears_every_rule_that_fails_at_once() -> None:
    filed = claim(occurred_at=START, scam_type="illegal_online", person_token=OTHER_PERSON)
    assert codes(filed=filed, evidence=frozenset()) == [
        "not_the_insured",
        "waiting_period",
        "scam_type_excluded",
        "evidence_missing",
    ]


@pytest.mark.parametrize("given", [frozenset(), frozenset({"police_receipt"}), frozenset({"chat_record", "identity"})])
def test_missing_evidence_is_asked_for_once_and_completely(given: frozenset[str]) -> None:
    (rule,) = failed(evidence=given)
    assert rule.remedy == "documents"
    for kind, name in (("police_receipt", "police receipt"), ("transfer_record", "transfer record")):
        assert (name in rule.text_en) is (kind not in given)


def test_the_same_loss_filed_twice_names_the_first_claim() -> None:
    (rule,) = failed(others=(other(),))
    assert (rule.code, rule.clause, rule.claim_id) == ("duplicate_loss", "4.5", FIRST_CLAIM)
    assert FIRST_CLAIM in rule.text_zh
    assert FIRST_CLAIM in rule.text_en


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"scam_type": "romance", "amount_fen": 1}, False),
        ({"scam_type": "romance", "amount_fen": 1, "shares_evidence": True}, True),
        ({"scam_type": "romance"}, True),
        ({"amount_fen": 1}, True),
        ({"occurred_at": LOSS - timedelta(days=9), "discovered_at": LOSS - timedelta(days=8)}, False),
        ({"occurred_at": LOSS + timedelta(hours=2), "discovered_at": LOSS + timedelta(hours=9)}, True),
        ({"submitted_at": LOSS + timedelta(hours=40)}, False),
        ({"submitted_at": LOSS + timedelta(hours=40), "approved": True}, True),
    ],
    ids=[
        "the same in all",
        "another scam at the same time",
        "disguised as another type, with the same proof",
        "the same amount",
        "exaggerated",
        "an earlier scam",
        "overlapping by a moment",
        "filed later",
        "filed later but paid already",
    ],
)
def test_a_genuine_repeat_victim_is_told_from_a_loss_claimed_twice(changes: dict[str, Any], *, same: bool) -> None:
    assert codes(others=(other(**changes),)) == (["duplicate_loss"] if same else [])


def test_every_failed_rule_tells_its_clause_and_both_languages() -> None:
    filed = claim(occurred_at=START, scam_type="illegal_online", person_token=OTHER_PERSON)
    for rule in failed(filed=filed, others=(other(occurred_at=START, discovered_at=END),), evidence=frozenset()):
        assert rule.clause
        assert rule.text_zh
        assert rule.text_en
        assert "{" not in rule.text_zh + rule.text_en


def test_every_rule_that_a_product_names_a_clause_for_has_its_sentence() -> None:
    assert set(RULE_CODES) <= set(SENTENCES)


def test_every_sentence_has_both_languages_with_the_same_gaps() -> None:
    for code, (zh, en) in SENTENCES.items():
        assert zh, code
        assert en, code
        assert zh.count("{") == en.count("{"), code


def test_days_in_sentences_are_the_products_zone() -> None:
    (rule,) = failed(filed=claim(occurred_at=START))
    assert "2026-03-08" in rule.text_zh


def test_evidence_beyond_what_is_asked_does_no_harm() -> None:
    assert codes(evidence=ALL_EVIDENCE | {"chat_record"}) == []
