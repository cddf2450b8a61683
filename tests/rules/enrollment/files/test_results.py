"""What a partner reads of each row of its file: no cell is a formula, whoever wrote what is in it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from services.enrollment.files.domain.results import COLUMNS, Result, head, rendered

REJECTED = Result(
    line=7,
    outcome="rejected",
    partner_reference="sub-1",
    policy_id="0193",
    field="phone",
    code="phone_invalid",
    detail="This is no mobile number.",
    fix="Send its 11 digits.",
)
TEXTS = [name for name in COLUMNS if name not in {"line", "outcome"}]
PREFIXES = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


def read(result: Result) -> dict[str, str]:
    text = (head("csv") + rendered([result], "csv")).decode()
    (found,) = csv.DictReader(io.StringIO(text, newline=""))
    return found


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("cell", TEXTS)
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(cell: str, prefix: str) -> None:
    formula = f"{prefix}cmd|'/C calc'!A0"
    changed: dict[str, Any] = {cell: formula}
    found = read(replace(REJECTED, **changed))
    assert found[cell] == f"'{formula}"
    assert {name: text for name, text in found.items() if name != cell} == {
        name: text for name, text in read(REJECTED).items() if name != cell
    }


def test_a_cell_with_commas_quotes_and_line_ends_stays_one_cell() -> None:
    said = 'first, "second"\r\nthird'
    assert read(replace(REJECTED, detail=said))["detail"] == said


def test_what_is_no_formula_comes_out_as_it_is_and_nothing_as_an_empty_cell() -> None:
    assert read(Result(None, "accepted", "sub-1", "0193")) == {
        **dict.fromkeys(COLUMNS, ""),
        "outcome": "accepted",
        "partner_reference": "sub-1",
        "policy_id": "0193",
    }


def test_ndjson_is_for_programs_and_tells_each_text_as_it_is() -> None:
    found = json.loads(rendered([replace(REJECTED, partner_reference="=1")], "ndjson"))
    assert (found["partner_reference"], found["line"]) == ("=1", 7)
