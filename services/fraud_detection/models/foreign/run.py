"""One run: a spec and a table from files, a report into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from services.fraud_detection.models.foreign.evaluation import evaluate_table
from services.fraud_detection.models.foreign.pages import as_json, as_page, summary
from services.fraud_detection.models.foreign.spec import Unfit, read_spec
from services.fraud_detection.models.foreign.table import read_table

__all__ = ["Unfit", "evaluate_files"]

SMALL: int = 20_000
"""Rows up to which one process does it: starting more takes longer than they save."""


def evaluate_files(spec: Path, data: Path, out: Path, *, jobs: int, told: Callable[[str], None]) -> list[str]:
    """Write report.json and report.html into ``out``; the lines for a terminal.

    Raises:
        Unfit: the spec or the table cannot be used.
    """
    wanted = read_spec(spec)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unfit("--out", f"{out} cannot be made a folder ({error.strerror})", "Name another folder") from None
    table = read_table(data)
    told(f"read {table.rows:,} rows, {len(table.columns)} columns ({table.read_as})")
    report = evaluate_table(table, wanted, jobs=1 if table.rows <= SMALL else jobs, told=told)
    places = out / "report.json", out / "report.html"
    places[0].write_text(as_json(report), encoding="utf-8")
    places[1].write_text(as_page(report, data.name), encoding="utf-8")
    return [*summary(report), f"written      {places[0]} and {places[1]}"]
