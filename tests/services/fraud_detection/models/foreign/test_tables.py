"""Files as others write them are read as they were meant, or refused with the place and the fix."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from services.fraud_detection.models.foreign import table as reading
from services.fraud_detection.models.foreign.spec import Unfit
from services.fraud_detection.models.foreign.table import read_table
from services.fraud_detection.models.foreign.values import MISSING, day, ladder, number
from tests.services.fraud_detection.models.foreign.tables import HEADING, simulated, written


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ";"), ("utf-8-sig", ","), ("gb18030", "\t"), ("utf-16", "|")]
)
def test_a_table_is_read_in_the_encoding_and_with_the_separator_it_has(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = [{**row, "渠道": "电话" if row["channel"] == "phone" else "网点"} for row in simulated(300)]
    table = read_table(written(tmp_path / "t.csv", rows, encoding, separator))
    assert list(table.columns) == [*HEADING, "渠道"]
    assert table.columns["渠道"].words == ["电话", "网点"]
    assert table.rows == 300


def test_a_gzip_file_is_read(tmp_path: Path) -> None:
    plain = written(tmp_path / "t.csv", simulated(50))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert read_table(tmp_path / "t.csv.gz").rows == 50


def test_a_parquet_file_says_the_same_as_the_csv(tmp_path: Path) -> None:
    rows = simulated(200)
    columns = {name: [row[name] or None for row in rows] for name in HEADING}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    left, right = read_table(tmp_path / "t.parquet"), read_table(written(tmp_path / "t.csv", rows))
    for name in HEADING:
        codes = left.columns[name].codes, right.columns[name].codes
        assert left.columns[name].words == right.columns[name].words
        assert codes[0] is not None
        assert codes[1] is not None
        assert codes[0].tolist() == codes[1].tolist()


def test_a_column_of_many_numbers_is_kept_as_numbers_alone(tmp_path: Path) -> None:
    cells = ["", *(f"{place}.5" for place in range(reading.MOST_WORDS + 30_000))]
    (tmp_path / "t.csv").write_text("a,b\n" + "\n".join(f"{cell},x" for cell in cells))
    column = read_table(tmp_path / "t.csv").columns["a"]
    assert column.words == []
    assert column.numbers is not None
    assert math.isnan(column.numbers[0])
    assert column.numbers[1:].tolist() == [float(cell) for cell in cells[1:]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "a heading and no row"),
        (b"a,b,a\n1,2,3\n", "the heading a stands twice (1 and 3)"),
        (b"a,b\n1,2\n1,2,3\n", "row 3 has 3 cells where the heading has 2"),
        (b"1,2\n3,4\n", "the first line holds numbers"),
        (b"PK\x03\x04....", "is a spreadsheet or a zip file. Save it as CSV UTF-8"),
        (b"a,b\n\xff\xff,1\n", "is neither UTF-8 nor GB18030"),
        (b"\x1f\x8b\x08broken", "cannot be read"),
    ],
)
def test_what_is_no_table_is_told_with_its_fix(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(Unfit) as refused:
        read_table(tmp_path / "t.csv")
    assert said in str(refused.value)


def test_lines_of_empty_cells_are_no_rows_and_a_trailing_separator_is_no_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,\n1,2,\n,,\n\n3,4,\n")
    table = read_table(tmp_path / "t.csv")
    assert (table.rows, list(table.columns)) == (2, ["a", "b"])


def test_ranges_and_names_of_months_have_their_order() -> None:
    assert ladder(["Feb", "Jan"]) == [1.0, 0.0]
    assert ladder(["high", "low", "medium"]) == [3.0, 1.0, 2.0]
    steps = ladder(["more than 69000", "less than 20000", "20000 to 29000", "30,000 to 39,000"])
    assert steps is not None
    assert sorted(steps) == [steps[1], steps[2], steps[3], steps[0]]
    ages = ladder(["under 6 months", "1 year", "2 to 3 years", "no change"])
    assert ages is not None
    assert sorted(ages) == [ages[3], ages[0], ages[1], ages[2]]
    assert ladder(["app", "phone"]) is None
    assert ladder(["A4", "B12", "C7"]) is None
    assert ladder(["shop 4", "shop 12", "shop 7"]) is None
    assert ladder(["1 vehicle", "2 vehicles", "3 to 4", "more than 8"]) is not None


def test_a_cell_means_a_number_a_date_or_nothing() -> None:
    assert [number(text) for text in ("1,234.50", "¥3", "1e3", "0x1", "1,23")] == [1234.5, 3.0, 1000.0, None, None]
    assert day("1970-01-02") == day("1970/1/2") == day("1970年1月2日") == day("19700102") == 1.0
    assert day("1970-01-02 12:00:00") == 1.5
    assert day("2025-02-30") is None
    assert "none" not in MISSING
