"""Who is to be dealt with carefully, by what thresholds; and that it counts for nothing else."""

from __future__ import annotations

import ast
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Final, get_args

import pytest

from services.fraud_detection.decisions.domain.decision_policy import Why
from services.fraud_detection.models.domain.features import FEATURES
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.reviews.domain.care import (
    ADVICE,
    CARE_FLAGS,
    THRESHOLDS,
    CareFacts,
    CareFlag,
    Thresholds,
    care,
)
from services.fraud_detection.reviews.domain.refusals import is_chinese, is_english
from shared.values.payee_doubts import PayeeDoubt
from shared.values.rule_codes import RULE_CODES

SERVICE: Final = Path(__file__).parents[3] / "services" / "fraud_detection"
MAY_KNOW: Final = SERVICE / "reviews"
YEAR: Final = 2026


@pytest.mark.parametrize(
    ("birth_year", "losses", "flags"),
    [
        (1989, 0, ()),
        (2008, 0, ("minor",)),
        (2007, 0, ()),
        (1966, 0, ("elderly",)),
        (1967, 0, ()),
        (1989, 1, ("repeat_victim",)),
        (1950, 3, ("elderly", "repeat_victim")),
        (0, 0, ()),
        (0, 1, ("repeat_victim",)),
    ],
)
def test_who_is_flagged(birth_year: int, losses: int, flags: tuple[CareFlag, ...]) -> None:
    assert care(CareFacts(birth_year=birth_year, losses=losses), YEAR) == flags


def test_the_thresholds_are_data() -> None:
    wider = Thresholds(minor=20, elderly=55, losses=2, before=timedelta(days=30))
    assert care(CareFacts(birth_year=2006, losses=1), YEAR, wider) == ("minor",)
    assert care(CareFacts(birth_year=1971, losses=2), YEAR, wider) == ("elderly", "repeat_victim")
    assert THRESHOLDS.elderly == 60


@pytest.mark.parametrize("flag", CARE_FLAGS)
def test_each_flag_has_its_reason_and_advice_in_both_languages(flag: CareFlag) -> None:
    told = ADVICE[flag]
    assert is_chinese(told.reason_zh)
    assert is_chinese(told.advice_zh)
    assert is_english(told.reason_en)
    assert is_english(told.advice_en)


def test_no_flag_is_a_feature_a_fact_of_the_model_a_rule_or_a_reason() -> None:
    facts = {field.name for field in fields(Snapshot)}
    reasons = {text for each in get_args(Why) for text in (get_args(each) or (each,))} | {*get_args(PayeeDoubt)}
    for flag in CARE_FLAGS:
        for known in (*FEATURES, *facts, *RULE_CODES, *reasons):
            assert flag not in known, known


def test_nothing_below_the_reviews_knows_of_care() -> None:
    """Neither rules, features nor the machine's decisions can ask for what they cannot name."""
    for path in SERVICE.rglob("*.py"):
        if path.is_relative_to(MAY_KNOW):
            continue
        source = path.read_text(encoding="utf-8")
        imported = [
            name
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (*(alias.name for alias in node.names), getattr(node, "module", None) or "")
        ]
        assert not [name for name in imported if "care" in name.split(".")], path
        assert not [flag for flag in ("repeat_victim", "elderly") if flag in source], path


def test_who_refuses_is_not_asked_for_care() -> None:
    """Within the reviews it is shown and sorted by: what judges a verdict does not read it."""
    for name in ("decide_review", "refuse_without_policy", "ask_claimant", "persons_decision", "act"):
        assert "care" not in (MAY_KNOW / "usecases" / f"{name}.py").read_text(encoding="utf-8"), name
    assert "care import" not in (MAY_KNOW / "domain" / "refusals.py").read_text(encoding="utf-8")
