"""``evaluate`` as a person uses it: a table and a spec in, figures and a page out, or a sentence that says why not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.fraud_detection.models.foreign.tables import simulated, written

SPEC = """
label: is_fraud
time: {column: reported_on, test_share: 0.3}
monitoring_only: [sex]
search_fits: 4
"""


def evaluate(spec: Path, data: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = ("-m", "services.fraud_detection", "evaluate", "--spec", spec, "--data", data, "--out", out)
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "spec.yaml").write_text(SPEC)
    done = evaluate(folder / "spec.yaml", written(folder / "claims.csv", simulated()), folder / "out")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_table_is_trained_on_and_measured_on_its_newest_rows(run: tuple[Path, str]) -> None:
    folder, shown = run
    report = json.loads((folder / "out" / "report.json").read_text())
    assert report["model"]["auc"]["value"] > 0.65
    assert report["model"]["auc"]["low"] < report["model"]["auc"]["value"] < report["model"]["auc"]["high"]
    windows = {each["name"]: each for each in report["windows"]}
    assert windows["training"]["ends"] < windows["test"]["begins"]
    assert windows["validation"]["ends"] == windows["training"]["ends"]
    assert "average precision" in shown
    assert "written" in shown


def test_what_did_not_last_from_quarter_to_quarter_is_not_learned(run: tuple[Path, str]) -> None:
    report = json.loads((run[0] / "out" / "report.json").read_text())
    assert [each["column"] for each in report["unstable"]] == ["month"]


def test_a_column_for_monitoring_is_measured_by_group_and_never_learned_from(run: tuple[Path, str]) -> None:
    report = json.loads((run[0] / "out" / "report.json").read_text())
    assert {each["value"] for each in report["slices"]} == {"F", "M"}
    assert "sex" not in {each["column"] for each in report["columns"]}


def test_the_page_has_its_plots_and_fetches_nothing(run: tuple[Path, str]) -> None:
    page = (run[0] / "out" / "report.html").read_text()
    assert page.count("<svg") == 4
    assert "Model card" in page
    assert not re.search(r"(src|href)=|https?://|<script|@import|url\(", page)


def test_the_same_table_spec_and_seed_give_the_same_figures(run: tuple[Path, str]) -> None:
    folder, _ = run
    assert evaluate(folder / "spec.yaml", folder / "claims.csv", folder / "again").returncode == 0
    for name in ("report.json", "report.html"):
        assert (folder / "again" / name).read_bytes() == (folder / "out" / name).read_bytes()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("label: fraud\ntime: reported_on", "label: names 'fraud', which is no column of the table. Columns are"),
        ("label: Is_Fraud\ntime: reported_on", "Write is_fraud"),
        ("label: past_claims\ntime: reported_on", "label: past_claims has 4 different values"),
        ("label: sex\ntime: reported_on", "Say which means fraud"),
        ("label: is_fraud\ntime: channel", "time: channel holds 'app', which is no time"),
        ("label: is_fraud\ntime: {column: reported_on, test: [2030-01-01, 2030-12-31]}", "the test window has 0 rows"),
        ("label: is_fraud\ntime: reported_on\ngroup: shop", "time, group: the spec says both"),
        ("label: is_fraud\ntime: reported_on\nignored: [sex]", "the spec, ignored: is not known. Known are"),
        ("label: is_fraud\nlabel: sex\ntime: reported_on", "label: is said twice in the spec"),
        ("label: is_fraud\ntime: reported_on\nignore: [is_fraud]", "ignore: names is_fraud, which is already label"),
        ("label: is_fraud\ntime: reported_on\ncolumns: {channel: number}", "columns.channel: cannot be a number"),
        ("label: [", "is no YAML"),
    ],
)
def test_a_spec_that_does_not_fit_is_told_by_field_and_fix(
    run: tuple[Path, str], tmp_path: Path, spec: str, said: str
) -> None:
    (tmp_path / "spec.yaml").write_text(spec)
    done = evaluate(tmp_path / "spec.yaml", run[0] / "claims.csv", tmp_path / "out")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_window_of_one_label_is_told(tmp_path: Path) -> None:
    rows = simulated()
    for row in rows:
        if row["reported_on"] >= "2025-09-01":
            row["is_fraud"] = "no"
    (tmp_path / "spec.yaml").write_text("label: is_fraud\ntime: {column: reported_on, test_from: 2025-09-01}")
    done = evaluate(tmp_path / "spec.yaml", written(tmp_path / "claims.csv", rows), tmp_path / "out")
    assert done.returncode == 1
    assert "the test window has" in done.stderr
    assert "0 of them fraud" in done.stderr
