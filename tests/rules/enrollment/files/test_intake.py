"""How files are cut into parts and parts into rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.files.intake import line_faults, parse
from services.enrollment.files.intake.upload import PART_ROWS, Upload
from services.enrollment.policies.domain.rows import COLUMNS, Fault, RawRow

HEADER = ",".join(COLUMNS).encode()
EMPTY = b"," * (len(COLUMNS) - 1)
"""What follows the first field where all others are empty."""
CELL = st.text(st.characters(codec="ascii", exclude_characters='",\r\n', categories=["L", "N", "P"]), max_size=8)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` cut at those sizes, as a network may cut it; an empty piece would mean its end."""
    found, start = [], 0
    for size in sizes:
        found.append(data[start : start + size])
        start += size
    return [piece for piece in (*found, data[start:]) if piece]


def lines_of(data: bytes, sizes: list[int]) -> list[parse.SourceLine]:
    upload = Upload(pieces(data, sizes))
    return [line for part in upload.parts() for line in parse.rows(part.text, upload.header, part.first_line)]


@given(
    rows=st.lists(st.lists(CELL, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=20),
    sizes=st.lists(st.integers(1, 40), max_size=40),
    ending=st.sampled_from(["\n", "\r\n"]),
    closed=st.booleans(),
)
def test_a_file_reads_the_same_however_it_arrives(
    rows: list[list[str]], sizes: list[int], ending: str, *, closed: bool
) -> None:
    text = ending.join([",".join(COLUMNS), *(",".join(cells) for cells in rows)]) + (ending if closed else "")
    found = lines_of(text.encode(), sizes)
    assert [(line.number, line.row) for line in found] == [
        (number, RawRow(*cells)) for number, cells in enumerate(rows, start=2)
    ]


def test_a_long_file_comes_in_parts_that_know_their_first_line() -> None:
    body = b"\n".join(b"r%d%b" % (n, EMPTY) for n in range(2 * PART_ROWS + 7))
    upload = Upload([HEADER + b"\n" + body])
    parts = list(upload.parts())
    assert [(part.number, part.first_line, part.rows) for part in parts] == [
        (0, 2, PART_ROWS),
        (1, 2 + PART_ROWS, PART_ROWS),
        (2, 2 + 2 * PART_ROWS, 7),
    ]
    assert upload.rows == 2 * PART_ROWS + 7


def test_empty_lines_are_no_rows_and_still_count_as_lines() -> None:
    found = lines_of(HEADER + b"\n\n  \na%b\n\r\nb%b\n" % (EMPTY, EMPTY), [])
    assert [line.number for line in found] == [4, 6]


def test_columns_may_stand_in_any_order_and_a_date_column_may_be_missing() -> None:
    names = [name for name in reversed(COLUMNS) if name != "effective_date"]
    data = ("\ufeff" + ",".join(names) + "\n" + ",".join(names)).encode()
    (line,) = lines_of(data, [])
    assert isinstance(line.row, RawRow)
    assert line.row.name == "name"
    assert line.row.effective_date == ""


def test_a_field_in_quotes_may_hold_a_comma() -> None:
    (line,) = lines_of(HEADER + b'\na,passport,X1,"Smith, John ""Jo""",1,,,v,t,app,s\n', [])
    assert isinstance(line.row, RawRow)
    assert line.row.name == 'Smith, John "Jo"'


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone() -> None:
    found = lines_of(HEADER + b'\na%b\n"b%b\nc%b\n' % (EMPTY, EMPTY, EMPTY), [])
    assert [line.row.code if isinstance(line.row, Fault) else "row" for line in found] == [
        "row",
        "columns_wrong",
        "row",
    ]


def test_a_line_with_too_few_or_too_many_fields_is_no_row() -> None:
    found = lines_of(HEADER + b"\na,b\n,%b\na%b\n" % (EMPTY, EMPTY), [])
    assert [line.row.code if isinstance(line.row, Fault) else "row" for line in found] == [
        "columns_wrong",
        "columns_wrong",
        "row",
    ]


def test_bytes_that_are_no_text_spoil_their_own_row_alone() -> None:
    upload = Upload([HEADER + b"\na\xff\xfe%b\nb%b\n" % (EMPTY, EMPTY)])
    (part,) = upload.parts()
    spoiled, good = part.text.split("\n")
    fault = line_faults.fault_of(spoiled, len(upload.header))
    assert (fault.field, fault.code) == ("line", "encoding_invalid")
    assert good.encode() == b"b" + EMPTY
    assert part.rows == 2
