"""What the model sees of a claim."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from array import array
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.places import CHECKOUT
from services.fraud_detection.models.domain.declared import AS_OF
from services.fraud_detection.models.domain.features import (
    DECLARED,
    FEATURES,
    MONITORED,
    SCORED,
    SPECIFICATION,
    compute,
    monitored,
)
from services.fraud_detection.models.domain.snapshot import Snapshot
from shared.values.scam_types import SCAM_TYPES
from tests.rules.fraud_detection.builders import LOSS, snapshot
from tests.rules.fraud_detection.test_rule_version import code

SPECIFIED = "fe26da10d71dc52ef7d12f4eb73343763dd76e0a37e8ff550bdf970d82d67e6e"
CODE = "f9b729cd2dfec7c612d6dbe0d8aed0b8f0867c965d4600bd37430efcac02932d"

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
COUNTS = st.none() | st.integers(min_value=0, max_value=10_000)
FEN = st.integers(min_value=0, max_value=10**12)
FLAGS = st.none() | st.booleans()
SNAPSHOTS = st.builds(
    Snapshot,
    scam_type=st.sampled_from(SCAM_TYPES),
    amount_fen=FEN,
    event_limit_fen=FEN,
    annual_limit_left_fen=st.none() | FEN,
    effective_from=MOMENTS,
    occurred_at=MOMENTS,
    discovered_at=st.none() | MOMENTS,
    reported_at=st.none() | MOMENTS,
    submitted_at=MOMENTS,
    zone=st.just("Asia/Shanghai"),
    birth_year=st.none() | st.integers(min_value=0, max_value=2100),
    recovered_fen=st.none() | FEN,
    other_insurance_fen=st.none() | FEN,
    police_say_another_scam=FLAGS,
    has_device=FLAGS,
    evidence_seen_elsewhere=COUNTS,
    person_claims=COUNTS,
    handler_claims=COUNTS,
)


def seen(**changes: object) -> dict[str, float]:
    return dict(zip(FEATURES, compute(snapshot(**changes)), strict=True))


@given(SNAPSHOTS)
def test_every_claim_gives_a_finite_number_for_every_feature_or_says_that_it_is_missing(known: Snapshot) -> None:
    vector = compute(known)
    assert len(vector) == len(FEATURES)
    assert not any(math.isinf(value) for value in vector)
    for each, value in zip(SCORED, vector, strict=True):
        assert math.isnan(value) <= (each.missing != "never"), each.name


@given(SNAPSHOTS)
def test_what_was_stored_gives_the_same_vector_again(known: Snapshot) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(known), type=Snapshot)
    assert array("d", compute(stored)).tobytes() == array("d", compute(known)).tobytes()
    assert monitored(stored) == monitored(known)


def test_no_two_features_share_a_name() -> None:
    assert len(set(FEATURES)) == len(FEATURES)


@given(SNAPSHOTS)
def test_a_claim_is_of_exactly_one_scam_type(known: Snapshot) -> None:
    vector = dict(zip(FEATURES, compute(known), strict=True))
    assert sum(value for name, value in vector.items() if name.startswith("scam_type_")) == 1


@pytest.mark.parametrize(
    ("changes", "feature", "expected"),
    [
        ({"amount_fen": 2_500_000}, "amount_to_event_limit", 0.5),
        ({"amount_fen": 1_000_000}, "amount_is_round", 1.0),
        ({"amount_fen": 1_000_001}, "amount_is_round", 0.0),
        ({"amount_fen": 4_900_000}, "amount_near_limit", 1.0),
        ({"amount_fen": 5_100_000}, "amount_near_limit", 0.0),
        ({"event_limit_fen": 0}, "amount_to_event_limit", 10.0),
        ({"annual_limit_left_fen": 0}, "amount_to_limit_left", 10.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "hour_of_loss", 2.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "loss_at_night", 1.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "loss_on_weekend", 1.0),
        ({"payee_persons": 4}, "payee_persons", 4.0),
        ({"recovered_fen": 720_000}, "recovered_share", 0.5),
        ({"police_say_another_scam": True}, "police_say_another_scam", 1.0),
        ({"evidence_seen_elsewhere": 2}, "evidence_seen_elsewhere", 2.0),
    ],
)
def test_a_feature_says_what_its_name_says(changes: dict[str, object], feature: str, expected: float) -> None:
    assert seen(**changes)[feature] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("field", "feature"),
    [
        ("annual_limit_left_fen", "amount_to_limit_left"),
        ("discovered_at", "log_hours_loss_to_discovery"),
        ("reported_at", "log_hours_loss_to_report"),
        ("reported_at", "log_hours_report_to_claim"),
        ("recovered_fen", "recovered_share"),
        ("description_chars", "log_description_chars"),
        ("device_claims", "device_claims"),
        ("handler_persons", "log_handler_persons"),
        ("police_say_another_scam", "police_say_another_scam"),
    ],
)
def test_what_nobody_told_is_missing_and_not_zero(field: str, feature: str) -> None:
    assert math.isnan(seen(**{field: None})[feature])


def test_no_feature_that_a_model_sees_is_made_of_what_must_not_decide() -> None:
    forbidden = ("sex", "gender", "age", "birth", "region", "province", "county", "nation", "ethnic", "document_number")
    for each in SCORED:
        words = {*each.name.split("_"), *each.words.en.lower().split(), *each.source.lower().split()}
        assert not words & {*forbidden}, each.name
        assert not any(word in each.words.zh for word in ("性别", "年龄", "民族", "籍贯", "地区", "身份证号")), (
            each.name
        )


@given(SNAPSHOTS, st.none() | st.integers(min_value=1, max_value=2100))
def test_the_age_changes_nothing_that_a_model_sees_and_is_kept_apart(known: Snapshot, birth_year: int | None) -> None:
    other = dataclasses.replace(known, birth_year=birth_year)
    assert array("d", compute(other)).tobytes() == array("d", compute(known)).tobytes()
    assert monitored(snapshot(birth_year=1989)) == {"age": 37.0}
    assert monitored(snapshot(birth_year=None)) == {"age": None}


def test_a_snapshot_holds_no_number_of_a_document_and_no_place() -> None:
    """Region, sex and birth date stand in a resident's number: it is no input, so nothing can be made of it."""
    texts = {field.name for field in dataclasses.fields(Snapshot) if field.type in ("str", "str | None")}
    assert texts == {"zone"}
    assert "zone" not in FEATURES


def test_each_feature_is_declared_whole() -> None:
    for each in DECLARED.values():
        assert each.words.zh, each.name
        assert each.words.en, each.name
        assert each.unit, each.name
        assert each.source, each.name
        assert each.as_of in AS_OF
    assert tuple(DECLARED) == (*FEATURES, *(each.name for each in MONITORED))
    assert [each.name for each in MONITORED] == ["age"]


def test_a_value_is_told_in_its_unit() -> None:
    told = {name: DECLARED[name].in_unit(value) for name, value in seen(amount_fen=1_440_000).items()}
    assert told["log_amount_yuan"] == 14_400.0
    assert told["log_hours_loss_to_report"] == 5.0
    assert told["amount_to_event_limit"] == 0.288
    assert DECLARED["device_claims"].in_unit(math.nan) is None


def test_the_specification_grows_with_what_features_mean() -> None:
    """Where the meaning stays, write the new digest; where it changes, count REVISION up too."""
    domain = CHECKOUT / "services" / "fraud_detection" / "models" / "domain"
    parts = (code((domain / f"{name}.py").read_text()) for name in ("features", "snapshot"))
    assert (SPECIFICATION, hashlib.sha256("".join(parts).encode()).hexdigest()) == (SPECIFIED, CODE)


def test_a_loss_before_inception_stands_out_by_its_sign() -> None:
    assert seen(effective_from=LOSS + timedelta(hours=3))["log_hours_inception_to_loss"] < 0
    assert seen(effective_from=LOSS - timedelta(hours=3))["log_hours_inception_to_loss"] > 0
