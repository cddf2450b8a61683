"""What a dataset's profile tells, and that bad data does not pass without a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from services.fraud_detection.models.domain import data_warnings
from services.fraud_detection.models.domain.data_warnings import LEAK_AUC, months_between, of_dataset, of_split
from services.fraud_detection.models.domain.dataset_profile import Copies, DatasetProfile, FieldProfile
from services.fraud_detection.models.domain.features import FEATURES
from services.fraud_detection.models.scoring.profile import INPUTS, Profiler, psi
from services.fraud_detection.models.store.data_warnings import warnings_of
from services.fraud_detection.models.store.past_claims import PastClaim
from services.fraud_detection.models.usecases.profile_dataset import profile_next
from shared.db.pool import Database
from shared.values.ids import ModelId
from tests import clock
from tests.services.fraud_detection.models.builders import UNTIL, Team, claims, file_of, lines, ndjson
from tests.services.fraud_detection.models.conftest import Train

ROWS = 4_000
NO_COPIES = Copies(0, 0, 0, ())
GOOD = claims(ROWS)


def profile_of(rows: list[PastClaim], *, sample: int = 100_000, page: int = 700) -> DatasetProfile:
    profiler = Profiler(len(rows), sample=sample)
    for begin in range(0, len(rows), page):
        some = rows[begin : begin + page]
        profiler.add([each.snapshot for each in some], [each.dishonest for each in some])
    return profiler.profile(NO_COPIES, UNTIL)


def field(profile: DatasetProfile, name: str) -> FieldProfile:
    (found,) = (each for each in profile.fields if each.name == name)
    return found


def test_data_as_they_should_be_raise_no_warning() -> None:
    assert [warning.name for warning in of_dataset(profile_of(GOOD))] == []


def test_a_profile_tells_ranges_quantiles_months_and_stretches() -> None:
    profile = profile_of(GOOD)
    assert [each.name for each in profile.fields] == [*FEATURES, *INPUTS]
    amounts = [each.snapshot.amount_fen for each in GOOD]
    amount = field(profile, "amount_fen")
    assert (amount.minimum, amount.maximum, amount.missing) == (min(amounts), max(amounts), 0)
    assert amount.quantiles == pytest.approx(np.quantile(amounts, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist())
    assert (amount.auc, amount.psi) == (None, None)
    assert not amount.constant
    without = [replace(each, snapshot=replace(each.snapshot, has_device=False)) for each in GOOD]
    assert field(profile_of(without), "has_device").constant
    untold = profile_of([replace(each, snapshot=replace(each.snapshot, chat_records=None)) for each in GOOD])
    records = field(untold, "chat_records")
    assert (records.missing, records.constant, records.quantiles) == (ROWS, True, ())
    assert (records.minimum, records.maximum, records.mean) == (None, None, None)
    assert sum(month.rows for month in profile.months) == ROWS
    assert sum(month.dishonest for month in profile.months) == sum(each.dishonest for each in GOOD)
    assert [each.rows for each in profile.stretches] == [2_400, 800, 800]
    assert [each.begins for each in profile.stretches] == sorted(each.begins for each in profile.stretches)


def test_what_is_told_of_all_rows_is_the_same_of_a_sample() -> None:
    whole, sampled = profile_of(GOOD), profile_of(GOOD, sample=1_000, page=333)
    assert sampled.sampled == 1_000
    assert (sampled.months, sampled.stretches) == (whole.months, whole.stretches)
    for one, other in zip(whole.fields, sampled.fields, strict=True):
        assert (one.minimum, one.maximum, one.missing) == (other.minimum, other.maximum, other.missing)
        assert other.mean == pytest.approx(one.mean)


def test_the_order_of_a_files_lines_changes_no_stretch() -> None:
    assert profile_of(GOOD[::-1]).stretches == profile_of(GOOD).stretches


def test_psi_is_nothing_for_the_same_values_and_large_for_moved_ones_also_where_they_are_missing() -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    assert psi(values, values) == 0
    assert psi(values, values + 1) > data_warnings.SHIFTED_PSI
    gone = np.where(np.arange(5_000) % 2 == 0, np.nan, values)
    assert psi(values, gone) > data_warnings.SHIFTED_PSI
    rare = (np.arange(5_000) % 50 == 0).astype(np.float64)
    assert psi(rare, 1 - rare) > data_warnings.SHIFTED_PSI


def test_months_between_two_are_named_over_a_new_year() -> None:
    assert months_between("2025-11", "2026-03") == ["2025-12", "2026-01", "2026-02"]
    assert months_between("2025-12", "2026-01") == []


def leaked(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["payee_claims"] = 7 if row["dishonest"] else 1


def repeated(rows: list[dict[str, Any]]) -> None:
    rows += [dict(row) for row in rows[:100]]


def contradicting(rows: list[dict[str, Any]]) -> None:
    rows += [row | {"dishonest": not row["dishonest"]} for row in rows[:10]]


def without_a_month(rows: list[dict[str, Any]]) -> None:
    rows[:] = [row for row in rows if row["submitted_at"][:7] not in ("2026-02", "2026-03", "2026-04")]


def long_past(rows: list[dict[str, Any]]) -> None:
    for row in rows[:2]:
        for name in ("effective_from", "occurred_at", "discovered_at", "reported_at", "submitted_at"):
            row[name] = "2009-05-05T00:00:00Z"


def ahead(rows: list[dict[str, Any]]) -> None:
    rows[-1]["submitted_at"] = (clock.now() + timedelta(hours=8)).isoformat()


def odd_ages(rows: list[dict[str, Any]]) -> None:
    for row in rows[:10]:
        row["birth_year"] = 1901


def shifted(rows: list[dict[str, Any]]) -> None:
    for row in rows[-700:]:
        row["chat_records"] = 0


def label_share(rows: list[dict[str, Any]]) -> None:
    for row in rows[-700:]:
        row["dishonest"] = row["dishonest"] and row["amount_fen"] % 7 == 0


@pytest.mark.parametrize(
    ("spoil", "warned"),
    [
        (leaked, {"feature_tells_the_label"}),
        (repeated, {"repeated_rows"}),
        (contradicting, {"repeated_rows", "contradicting_labels"}),
        (without_a_month, {"months_without_rows"}),
        (long_past, {"claims_long_past", "months_without_rows"}),
        (ahead, {"claims_ahead"}),
        (odd_ages, {"odd_ages"}),
        (shifted, {"features_shift"}),
        (label_share, {"label_share_shift", "few_of_a_label"}),
    ],
)
def test_bad_data_are_warned_of_by_name(team: Team, database: Database, spoil: Any, warned: set[str]) -> None:
    rows = lines(ROWS)
    spoil(rows)
    loaded = team.upload(ndjson(rows))
    assert loaded.status_code == 202, loaded.text
    before = team.get(f"/v1/past-claims/{loaded.json['dataset_id']}").json
    assert (before["profile"], before["warnings"]) == (None, [])
    assert profile_next(database, clock.CLOCK)
    assert not profile_next(database, clock.CLOCK)
    shown = team.get(f"/v1/past-claims/{loaded.json['dataset_id']}").json
    assert warned <= {warning["name"] for warning in shown["warnings"]} <= warned | {"months_without_rows"}
    assert shown["profile"]["rows"] == len(rows)
    for warning in shown["warnings"]:
        assert warning["text_zh"]
        assert warning["text_en"]
        assert warning["details"]


def test_a_leaked_column_is_named_with_its_auc(team: Team, database: Database) -> None:
    rows = lines(ROWS)
    leaked(rows)
    loaded = team.upload(ndjson(rows)).json
    profile_next(database, clock.CLOCK)
    (warning,) = team.get(f"/v1/past-claims/{loaded['dataset_id']}").json["warnings"]
    assert warning["details"]["auc"]["payee_claims"] == 1.0
    assert all(auc >= LEAK_AUC for auc in warning["details"]["auc"].values())


def test_rows_that_another_dataset_has_are_counted_by_dataset(team: Team, database: Database) -> None:
    first = team.upload(file_of(300)).json["dataset_id"]
    second = team.upload(file_of(300) + file_of(100, seed=2)).json["dataset_id"]
    while profile_next(database, clock.CLOCK):
        pass
    shown = team.get(f"/v1/past-claims/{second}").json
    assert shown["profile"]["copies"] == {
        "repeated": 0,
        "contradicting": 0,
        "elsewhere": 300,
        "shared": [{"dataset_id": first, "rows": 300}],
    }
    (warning,) = (each for each in shown["warnings"] if each["name"] == "rows_of_other_datasets")
    assert warning["details"] == {"rows": 300, "datasets": {first: 300}}


def test_a_model_tells_what_is_doubtful_about_its_split_and_its_dataset(
    team: Team, train: Train, database: Database
) -> None:
    rows = lines(ROWS)
    for row in rows[-ROWS // 5 :]:
        row["dishonest"] = not row["dishonest"]
    model = team.queue_model(ndjson(rows))
    assert team.get(f"/v1/models/{model}").json["warnings"] == []
    assert train()
    shown = team.get(f"/v1/models/{model}").json
    assert shown["report"]["metrics"]["auc"] < 0.4
    names = [warning["name"] for warning in shown["warnings"]]
    assert names[0] == "worse_than_chance"
    assert "label_share_shift" in names
    with database.transaction() as tx:
        assert [each.name for each in warnings_of(tx, ModelId(model))] == names
    listed = team.get("/v1/models").json["items"]
    assert [each["warnings"] for each in listed] == [[]]


def test_a_model_that_does_well_is_not_warned_of_nor_one_that_chance_made_look_bad() -> None:
    assert of_split(0.83, 60, 700) == ()
    assert of_split(0.48, 60, 700) == ()
    assert [warning.name for warning in of_split(0.187, 60, 700)] == ["worse_than_chance"]
    assert [warning.name for warning in of_split(1.0, 60, 700)] == ["too_good"]


def test_two_processes_that_profile_one_dataset_keep_one_profile(team: Team, database: Database) -> None:
    team.upload(file_of(300))
    profiled: list[bool] = []

    def other() -> bool:
        if not profiled:
            profiled.append(True)
            profile_next(database, clock.CLOCK)
        return True

    assert profile_next(database, clock.CLOCK, going=other)
    with database.transaction() as tx:
        assert tx.the("SELECT count(*) FROM dataset_profiles", into=int) == 1


def test_a_profile_that_is_broken_off_is_made_anew(team: Team, database: Database) -> None:
    team.upload(file_of(300))
    assert not profile_next(database, clock.CLOCK, going=lambda: False)
    assert profile_next(database, clock.CLOCK)
