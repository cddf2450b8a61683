"""What the model sees of a claim."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.models.domain.features import FEATURES, Snapshot, compute
from shared.values.scam_types import SCAM_TYPES
from tests.rules.fraud_detection.builders import LOSS, snapshot

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
COUNTS = st.integers(min_value=0, max_value=10_000)
FEN = st.integers(min_value=0, max_value=10**12)
SNAPSHOTS = st.builds(
    Snapshot,
    scam_type=st.sampled_from(SCAM_TYPES),
    amount_fen=FEN,
    event_limit_fen=FEN,
    annual_limit_left_fen=FEN,
    effective_from=MOMENTS,
    occurred_at=MOMENTS,
    discovered_at=MOMENTS,
    reported_at=MOMENTS,
    submitted_at=MOMENTS,
    zone=st.just("Asia/Shanghai"),
    birth_year=st.integers(min_value=0, max_value=2100),
    recovered_fen=FEN,
    other_insurance_fen=FEN,
    person_claims=COUNTS,
    handler_claims=COUNTS,
)


def seen(**changes: object) -> dict[str, float]:
    return dict(zip(FEATURES, compute(snapshot(**changes)), strict=True))


@given(SNAPSHOTS)
def test_every_claim_gives_a_finite_number_for_every_feature(known: Snapshot) -> None:
    vector = compute(known)
    assert len(vector) == len(FEATURES)
    assert all(math.isfinite(value) for value in vector)


@given(SNAPSHOTS)
def test_what_was_stored_gives_the_same_vector_again(known: Snapshot) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(known), type=Snapshot)
    assert compute(stored) == compute(known)


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
        ({"event_limit_fen": 0}, "amount_to_event_limit", 0.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "hour_of_loss", 2.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "loss_at_night", 1.0),
        ({"occurred_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC)}, "loss_on_weekend", 1.0),
        ({"birth_year": 1989}, "age", 37.0),
        ({"birth_year": 0}, "age_unknown", 1.0),
        ({"payee_persons": 4}, "payee_persons", 4.0),
        ({"recovered_fen": 720_000}, "recovered_share", 0.5),
        ({"police_say_another_scam": True}, "police_say_another_scam", 1.0),
        ({"evidence_seen_elsewhere": 2}, "evidence_seen_elsewhere", 2.0),
    ],
)
def test_a_feature_says_what_its_name_says(changes: dict[str, object], feature: str, expected: float) -> None:
    assert seen(**changes)[feature] == pytest.approx(expected)


def test_a_loss_before_inception_stands_out_by_its_sign() -> None:
    assert seen(effective_from=LOSS + timedelta(hours=3))["log_hours_inception_to_loss"] < 0
    assert seen(effective_from=LOSS - timedelta(hours=3))["log_hours_inception_to_loss"] > 0
