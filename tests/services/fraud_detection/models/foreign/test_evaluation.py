"""What a report says of tables that are easy to be wrong about: leaks, groups, and rows without a label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from services.fraud_detection.models.foreign.columns import Feature, prepare
from services.fraud_detection.models.foreign.default_training import choose
from services.fraud_detection.models.foreign.evaluation import evaluate_table
from services.fraud_detection.models.foreign.spec import FeatureSpec, parse_spec
from services.fraud_detection.models.foreign.table import read_table
from services.fraud_detection.models.foreign.windows import windows_of
from tests.services.fraud_detection.models.foreign.tables import simulated, written

if TYPE_CHECKING:
    from services.fraud_detection.models.foreign.evaluation import ForeignReport

ROWS = 1500


def spec(**more: object) -> FeatureSpec:
    return parse_spec(
        {"label": "is_fraud", "search_fits": 0, **({} if "group" in more else {"time": "reported_on"}), **more}
    )


def report_of(folder: Path, rows: list[dict[str, str]], told: FeatureSpec) -> ForeignReport:
    return evaluate_table(read_table(written(folder / "t.csv", rows)), told)


def test_one_column_that_alone_tells_the_label_is_warned_of_and_an_ignored_one_is_not(tmp_path: Path) -> None:
    rows = [{**row, "paid": "0" if row["is_fraud"] == "yes" else "1"} for row in simulated(ROWS)]
    warned = report_of(tmp_path, rows, spec())
    assert any(each.startswith("paid alone ranks frauds") for each in warned.warnings)
    mended = report_of(tmp_path, rows, spec(ignore=["paid"]))
    assert not any("alone ranks" in each for each in mended.warnings)
    assert mended.model.auc.value < 0.9 < warned.model.auc.value


def test_no_group_stands_on_both_sides(tmp_path: Path) -> None:
    told = spec(group="shop", ignore=["reported_on"])
    table = read_table(written(tmp_path / "t.csv", simulated(ROWS)))
    prepared = prepare(table, told)
    windows = windows_of(told, prepared.order, prepared.known, prepared.fraud)
    assert len(windows.early) + len(windows.validation) + len(windows.test) == ROWS
    sides = [set(prepared.order[rows]) for rows in (windows.early, windows.validation, windows.test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    report = evaluate_table(table, told)
    assert report.split == "by group: shop"
    assert "shop" not in {each.column for each in report.columns}


def test_rows_without_a_label_are_in_no_window_and_days_of_the_gap_teach_nothing(tmp_path: Path) -> None:
    rows = simulated(ROWS)
    for row in rows[::5]:
        row["is_fraud"] = ""
    report = report_of(tmp_path, rows, spec(time={"column": "reported_on", "gap_days": 60}))
    windows = {each.name: each for each in report.windows}
    assert windows["test"].begins - windows["training"].ends > 60
    assert windows["training"].rows + windows["test"].rows + report.gap_rows == ROWS - ROWS // 5
    assert any("300 rows without a label" in each for each in report.notes)


def test_columns_that_are_filled_in_the_test_window_alone_teach_nothing_and_stop_nothing(tmp_path: Path) -> None:
    rows = simulated(ROWS)
    for place, row in enumerate(rows):
        late = place > ROWS * 0.8
        row["new_amount"], row["new_channel"] = (str(place * 1.5), "web" if place % 2 else "app") if late else ("", "")
    report = report_of(tmp_path, rows, spec())
    assert report.model.auc.value > 0.6
    assert all(each.auc == 0.0 for each in report.importance if each.column.startswith("new_"))


def test_nothing_is_searched_where_one_fold_has_all_frauds() -> None:
    feature = Feature("amount", "amount", "number", np.random.default_rng(0).random(900))
    fraud = np.arange(900) < 200
    chosen = choose((feature,), np.arange(900), fraud, np.arange(900) // 300, seed=0, jobs=1, fits=18)
    assert chosen.tried == ()
