"""What a resident reads of each state, in words that somebody who was just scammed understands."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.filing.domain.status import (
    WHY_NOT_PAID,
    WORDS,
    Actor,
    status,
    why_not_paid,
)

STATES = get_args(State)
LATE = datetime(2026, 5, 31, 17, tzinfo=UTC)
"""The first of June in China."""
JARGON = ("核赔", "拒赔", "受理", "免赔", "被保险人", "理赔", "adjudicat", "payee", "claimant", "insured", "in_review")


def test_every_state_has_its_words_and_there_are_no_others() -> None:
    assert set(WORDS) == set(STATES)


@pytest.mark.parametrize("shown", STATES)
@pytest.mark.parametrize("by", [None, LATE])
def test_each_is_said_in_both_languages_with_and_without_a_date(shown: State, by: datetime | None) -> None:
    said = status(shown, by=by)
    assert said.acts in get_args(Actor)
    for chinese in (said.now_zh, said.next_zh):
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert chinese.endswith("。")
    for english in (said.now_en, said.next_en):
        assert not re.search("[\u4e00-\u9fff]", english)
        assert english.endswith(".")
    for text in (said.now_zh, said.now_en, said.next_zh, said.next_en):
        assert "{" not in text
        assert not [word for word in JARGON if word in text]


@pytest.mark.parametrize("shown", [each for each in STATES if WORDS[each].acts == "you"])
def test_who_has_to_act_is_told_until_when(shown: State) -> None:
    said = status(shown, by=LATE)
    assert "（最晚2026年6月1日）" in said.next_zh
    assert ", by 1 June 2026" in said.next_en


def test_of_a_payment_that_waits_the_first_day_is_told() -> None:
    said = status("recovery_wait", by=LATE)
    assert "（2026年6月1日起）" in said.next_zh
    assert ", from 1 June 2026" in said.next_en


def test_a_code_of_a_bank_is_not_shown_and_every_code_of_ours_has_its_words() -> None:
    assert why_not_paid("bank_ac04") == why_not_paid("bank_other")
    assert "ac04" not in "".join(why_not_paid("bank_ac04"))
    for code in ("payee_unknown", "over_cover_limit", "claim_refused", "approval_taken_back", "bank_silent"):
        assert why_not_paid(code) == WHY_NOT_PAID[code]
