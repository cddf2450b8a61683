"""What partners may send, and what becomes of it: formats, compression, encodings, headers, and files that do harm."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import resource
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.enrollment.files.domain.errors import NoRoom, UnreadableFile
from services.enrollment.files.domain.file_columns import ENROLLMENT, FILE_COLUMNS, BatchKind
from services.enrollment.files.intake import compression, few_columns, line_faults, parse
from services.enrollment.files.intake.column_names import SYNONYMS, column_of
from services.enrollment.files.intake.lines import LONGEST_LINE, PART_BYTES, PART_ROWS
from services.enrollment.files.intake.upload import Sent, Upload
from services.enrollment.policies.domain.rows import COLUMNS
from tests.rules.enrollment.files.file_formats import ROW, as_csv, as_ndjson, as_parquet, pieces

CHINESE = {column: names[0] for column, names in SYNONYMS.items() if column in COLUMNS}
CSV = Sent("csv")
NDJSON = Sent("ndjson")
PARQUET = Sent("parquet")


def lines_of(data: bytes, sent: Sent = CSV, *, size: int = 65_536) -> list[tuple[int, str]]:
    """Number and text of every line that reaches the worker."""
    upload = Upload(pieces(data, size), sent)
    return [
        (number, line)
        for part in upload.parts()
        for number, line in enumerate(part.text.split("\n"), start=part.first_line)
        if line.strip(" \r")
    ]


def rows_of(data: bytes, sent: Sent = CSV, *, size: int = 65_536) -> list[dict[str, str]]:
    upload = Upload(pieces(data, size), sent)
    text = "".join(part.text.rstrip("\n") + "\n" for part in upload.parts())
    return [dict(zip(upload.header, cells, strict=True)) for cells in csv.reader(io.StringIO(text)) if cells]


def codes_of(data: bytes, sent: Sent) -> list[tuple[int, str]]:
    return [
        (number, line_faults.fault_of(line, len(COLUMNS)).code if line.startswith("\0") else "row")
        for number, line in lines_of(data, sent)
    ]


def refusal(data: bytes, sent: Sent = CSV) -> str:
    with pytest.raises(UnreadableFile) as refused:
        lines_of(data, sent)
    return refused.value.sentence()


ALL_FORMS: list[tuple[Callable[..., Any], Sent]] = [
    (lambda *rows: as_csv(*rows).encode(), CSV),
    (as_ndjson, NDJSON),
    (as_parquet, PARQUET),
]
PACKERS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]


@pytest.mark.parametrize(("form", "sent"), ALL_FORMS)
@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_a_row_reads_the_same_in_every_format_and_compression(
    form: Callable[..., bytes], sent: Sent, pack: Callable[[bytes], bytes], size: int
) -> None:
    assert rows_of(pack(form(ROW)), sent, size=size) == [ROW]


@pytest.mark.parametrize(("form", "sent"), ALL_FORMS)
def test_columns_may_have_chinese_names_in_every_format(form: Callable[..., bytes], sent: Sent) -> None:
    if sent.format == "csv":
        data = as_csv(ROW, names=CHINESE).encode()
    elif sent.format == "ndjson":
        data = as_ndjson({CHINESE[column]: value for column, value in ROW.items()})
    else:
        out = io.BytesIO()
        pl.DataFrame({CHINESE[column]: [value] for column, value in ROW.items()}).write_parquet(out)
        data = out.getvalue()
    assert rows_of(data, sent) == [ROW]


@pytest.mark.parametrize(
    "name",
    ["身份证号", "证件号码", "Document Number", "DOCUMENT-NUMBER", "ｄｏｃument＿number", "documentNumber", " 证件号 "],
)
def test_a_column_is_known_by_any_of_its_names(name: str) -> None:
    assert column_of(name) == "document_number"


def test_no_name_means_two_columns_and_every_column_has_a_chinese_name() -> None:
    names = [name for others in SYNONYMS.values() for name in others]
    assert len(set(names)) == len(names)
    assert all(column_of(name) == column for column, others in SYNONYMS.items() for name in (column, *others))
    assert all(any(not name.isascii() for name in SYNONYMS[column]) for column in ENROLLMENT.names)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("names", [None, CHINESE])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_utf_8_and_gb18030_both_read_with_a_byte_order_mark_or_without(
    mark: str, names: dict[str, str] | None, charset: str
) -> None:
    rare = {**ROW, "name": "𠮷野㐂"}
    assert rows_of((mark + as_csv(ROW, rare, names=names)).encode(charset)) == [ROW, rare]


@given(
    names=st.lists(st.text(st.sampled_from("张王李赵欧阳慕容小明国强秀英联通"), min_size=2, max_size=4), min_size=1),
    charset=st.sampled_from(["utf-8", "gb18030"]),
    size=st.integers(1, 300),
)
def test_the_encoding_of_chinese_names_is_found_under_an_english_header(
    names: list[str], charset: str, size: int
) -> None:
    # 通 alone in GB18030 is a valid letter of UTF-8; any other name beside it tells.
    rows = [{**ROW, "name": name} for name in (*names, "张小明")]
    assert [row["name"] for row in rows_of(as_csv(*rows).encode(charset), size=size)] == [*names, "张小明"]


def test_the_encoding_is_decided_late_where_the_first_names_are_latin() -> None:
    rows = [{**ROW, "name": "Smith"}] * (PART_ROWS + 10) + [ROW] * 3
    assert rows_of(as_csv(*rows).encode("gb18030"))[-1]["name"] == "张小明"


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_line_in_another_encoding_than_its_file_is_one_rejected_row(charset: str) -> None:
    good = as_csv(*[ROW] * 5).encode(charset)
    other = ",".join({**ROW, "name": "é\xff"}.values()).encode("latin-1")
    found = codes_of(good + other + b"\n", CSV)
    assert found == [(number, "row") for number in range(2, 7)] + [(7, "encoding_invalid")]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_another_encoding_is_refused_with_the_two_that_are_read(charset: str) -> None:
    assert "UTF-8 or GB18030" in refusal(as_csv(ROW).encode(charset))
    assert "UTF-8 or GB18030" in refusal(as_ndjson(ROW).decode().encode(charset), NDJSON)


def test_a_charset_that_is_announced_and_not_read_is_refused() -> None:
    assert "neither UTF-8 nor GB18030" in refusal(as_csv(ROW).encode(), Sent("csv", charset="big5"))


def test_a_bad_line_of_ndjson_is_one_rejected_row_with_its_code() -> None:
    data = b"\n".join(
        [
            as_ndjson(ROW).strip(),
            b"{not json",
            b"",
            b'["a", "b"]',
            as_ndjson({**ROW, "salary": "1"}).strip(),
            as_ndjson({**ROW, "姓名": "李四"}).strip(),
            as_ndjson({**ROW, "phone": [1]}).strip(),
            as_ndjson({**ROW, "phone": 1.5}).strip(),
            as_ndjson({**ROW, "phone": True}).strip(),
            b'{"name": "\xff"}',
            as_ndjson({**ROW, "phone": 13912345678, "effective_date": None}).strip(),
        ]
    )
    assert codes_of(data, NDJSON) == [
        (1, "row"),
        (2, "json_invalid"),
        (4, "json_invalid"),
        (5, "json_key_unknown"),
        (6, "json_key_repeated"),
        (7, "json_value_invalid"),
        (8, "json_value_invalid"),
        (9, "json_value_invalid"),
        (10, "encoding_invalid"),
        (11, "row"),
    ]
    said = [line_faults.fault_of(line, len(COLUMNS)).detail for _, line in lines_of(data, NDJSON)[3:6]]
    assert said == [
        f"The {len(COLUMNS) + 1}th key of the object is not known.",
        "The object names the column name more than once.",
        "The object's value of phone is neither text, a whole number nor null.",
    ]
    assert lines_of(data, NDJSON)[-1][1].split(",")[4:7] == ["13912345678", "1980-03-15", ""]


@pytest.mark.parametrize("before", [[], [as_ndjson(ROW).strip()]], ids=["first", "later"])
@pytest.mark.parametrize("deep", [b'{"name": ' + b"[" * 2000, b'{"name": ' + b"[" * 2000 + b"]" * 2000 + b"}"])
def test_a_line_of_ndjson_that_is_nested_too_deeply_is_one_rejected_row(before: list[bytes], deep: bytes) -> None:
    found = codes_of(b"\n".join([*before, deep, as_ndjson(ROW)]), NDJSON)
    assert [code for _number, code in found] == ["row"] * len(before) + ["json_invalid", "row"]


ONE_OBJECT = as_ndjson(ROW).strip()


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([ONE_OBJECT * 2, b"", b""], {1: "json_invalid"}),
        ([b"", ONE_OBJECT * 2], {2: "json_invalid"}),
        ([ONE_OBJECT * 2, b" \r", ONE_OBJECT], {1: "json_invalid", 3: "row"}),
        (
            [*ONE_OBJECT.replace(b", ", b",\n", 1).split(b"\n"), ONE_OBJECT * 2],
            dict.fromkeys((1, 2, 3), "json_invalid"),
        ),
        ([b"{", ONE_OBJECT[1:], ONE_OBJECT * 2], dict.fromkeys((1, 2, 3), "json_invalid")),
        ([b"  " + ONE_OBJECT, ONE_OBJECT + b"\r", ONE_OBJECT], dict.fromkeys((1, 2, 3), "row")),
    ],
)
def test_each_line_of_ndjson_is_one_object_however_many_the_file_has(lines: list[bytes], codes: dict[int, str]) -> None:
    data = b"\n".join(lines)
    assert codes_of(data, NDJSON) == list(codes.items())
    assert read_of(data, NDJSON, "enrollment") == (len(codes), len(codes))


def object_of(pairs: Sequence[tuple[str, str | None]], *, escaped: bool = False, colon: str = ":") -> str:
    """A line whose keys stand as they are given, also twice; ``escaped``: the first letter of each as a number."""
    names = [f"\\u{ord(key[0]):04x}{key[1:]}" if escaped else key for key, _value in pairs]
    cells = (f'"{name}"{colon}{json.dumps(value)}' for name, (_key, value) in zip(names, pairs, strict=True))
    return "{" + ",".join(cells) + "}"


@pytest.mark.parametrize("colon", [":", ": ", " : ", "\t:"])
@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("lacking", ["phone", "birth_date", None])
def test_a_line_of_ndjson_that_gives_a_column_twice_is_rejected_and_the_column_named(
    colon: str, lacking: str | None, *, escaped: bool
) -> None:
    twice = [*ROW.items(), ("phone", "13800000000")]
    fewer = [(key, value) for key, value in ROW.items() if key != lacking]
    data = "\n".join(
        [
            object_of(list(ROW.items()), colon=colon),
            object_of(twice, escaped=escaped, colon=colon),
            object_of(fewer, colon=colon),
        ]
    ).encode()
    assert codes_of(data, NDJSON) == [(1, "row"), (2, "json_key_repeated"), (3, "row")]
    said = line_faults.fault_of(lines_of(data, NDJSON)[1][1], len(COLUMNS)).detail
    assert said == "The object names the column phone more than once."


@given(
    lines=st.lists(
        st.tuples(
            st.lists(st.tuples(st.sampled_from(COLUMNS), st.text(max_size=5) | st.none()), min_size=1, max_size=12),
            st.booleans(),
            st.sampled_from([":", " :", "\t: ", "  :"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_key_that_stands_twice_passes_whatever_a_file_writes_around_it(
    lines: list[tuple[list[tuple[str, str | None]], bool, str]],
) -> None:
    data = "\n".join(object_of(pairs, escaped=escaped, colon=colon) for pairs, escaped, colon in lines)
    repeats = [len(dict(pairs)) < len(pairs) for pairs, _, _ in lines]
    found = [code for _, code in codes_of(data.encode(), NDJSON)]
    assert found == ["json_key_repeated" if repeat else "row" for repeat in repeats]


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=20) | st.none() | st.integers(0, 10**17)), min_size=1
    ),
    size=st.integers(1, 500),
)
def test_whatever_text_json_holds_a_row_stays_one_line(rows: list[dict[str, Any]], size: int) -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    found = lines_of(data, NDJSON, size=size)
    assert [number for number, _line in found] == list(range(1, len(rows) + 1))
    for (_number, line), row in zip(found, rows, strict=True):
        cells = next(csv.reader([line]))
        wanted = ["" if row.get(name) is None else str(row[name]) for name in COLUMNS]
        clean = [cell for cell, want in zip(cells, wanted, strict=True) if cell == want or "\ufffd" in cell]
        assert len(clean) == len(COLUMNS)


def test_a_json_array_is_refused_with_what_to_send() -> None:
    assert "one object a line" in refusal(b"[\n" + as_ndjson(ROW) + b"]\n", NDJSON)


def test_a_charset_that_is_announced_decides_where_both_would_read() -> None:
    row = {**ROW, "name": "陆毛"}
    data = as_csv(row).encode("gb18030")
    assert rows_of(data, Sent("csv", charset="gb18030")) == [row]
    latin = {**ROW, "name": "Ąé"}
    assert rows_of(as_csv(latin).encode(), Sent("csv", charset="UTF-8")) == [latin]


def test_a_parquet_time_in_nanoseconds_is_read_to_the_microsecond() -> None:
    data = as_parquet(ROW, consent_given_at=pa.array([1_772_000_000_123_456_789], pa.timestamp("ns", "UTC")))
    (found,) = rows_of(data, PARQUET)
    assert datetime.fromisoformat(found["consent_given_at"]).year == 2026


def test_dates_times_and_numbers_of_parquet_become_text() -> None:
    given_at = datetime(2026, 2, 28, 1, 30, tzinfo=UTC)
    data = as_parquet(
        ROW,
        birth_date=pa.array([date(1980, 3, 15)]),
        effective_date=pa.array([date(2026, 3, 2)]),
        consent_given_at=pa.array([given_at], pa.timestamp("ns", "Asia/Shanghai")),
        phone=pa.array([13912345678]),
        name=pa.array(["张小明"]).dictionary_encode(),
        consent_channel=pa.array([b"app"]),
    )
    (found,) = rows_of(data, PARQUET)
    assert datetime.fromisoformat(found.pop("consent_given_at")) == given_at
    assert found == {column: value for column, value in ROW.items() if column != "consent_given_at"}


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("phone", pa.array([1.5]), "double"),
        ("document_number", pa.array([110101198003150011]), "int64"),
        ("name", pa.array([["张", "小明"]]), "list"),
        ("name", pa.array([{"first": "小明"}]), "struct"),
        ("effective_date", pa.array([20260302]), "int64"),
        ("birth_date", pa.array([19800315]), "int64"),
        ("consent_given_at", pa.array([datetime(2026, 2, 28)], pa.timestamp("ms")), "timestamp"),
        ("consent_channel", pa.array([True]), "bool"),
    ],
)
def test_a_parquet_column_of_a_type_that_does_not_fit_is_named(column: str, values: Any, kind: str) -> None:
    said = refusal(as_parquet(ROW, **{column: values}), PARQUET)
    assert f"column {column} is of type {kind}" in said
    assert "Write it as text" in said


def test_commas_quotes_and_line_breaks_in_parquet_stay_in_their_row() -> None:
    rows = [{**ROW, "name": name} for name in ('Smith, "Jo"', "a\nb", "c\rd", "张小明")]
    found = lines_of(as_parquet(*rows), PARQUET)
    assert [number for number, _line in found] == [1, 2, 3, 4]
    assert [next(csv.reader([line]))[3] for _number, line in found] == [
        'Smith, "Jo"',
        "a\ufffdb",
        "c\ufffdd",
        "张小明",
    ]


def test_a_long_parquet_comes_in_parts_and_a_bad_text_is_one_row() -> None:
    names = ["张小明".encode()] * (PART_ROWS + 20)
    names[PART_ROWS + 7] = b"\xff\xfe"
    rows = [ROW] * len(names)
    found = codes_of(as_parquet(*rows, name=pa.array(names, pa.binary())), PARQUET)
    assert len(found) == len(names)
    assert [each for each in found if each[1] != "row"] == [(PART_ROWS + 8, "encoding_invalid")]


@pytest.mark.parametrize(("form", "sent"), ALL_FORMS)
def test_a_part_is_no_larger_in_bytes_however_long_its_rows_are(form: Callable[..., bytes], sent: Sent) -> None:
    dice = random.Random(1)  # noqa: S311  # names that do not shrink, not a secret
    rows = [{**ROW, "partner_reference": f"sub-{number}", "name": dice.randbytes(1800).hex()} for number in range(7000)]
    upload = Upload(pieces(form(*rows)), sent)
    parts = list(upload.parts())
    assert len(parts) > 2
    # The last piece of the file comes on top, and what our own form adds to each of a thousand rows.
    assert max(len(part.data) for part in parts) < PART_BYTES + 2 * 65_536 + LONGEST_LINE
    assert upload.rows == sum(part.rows for part in parts) == len(rows)
    first = parts[0].first_line
    for part in parts:
        assert part.first_line == first
        assert part.data.count(b"sub-") == part.rows
        first += part.rows


@pytest.mark.parametrize(("form", "sent"), ALL_FORMS)
@pytest.mark.parametrize("pack", PACKERS)
def test_a_file_that_ends_too_early_is_refused_or_loses_no_row_unnoticed(
    form: Callable[..., bytes], sent: Sent, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(form(ROW))
    if pack is bytes and sent.format != "parquet":
        return  # Plain lines do not say where they end: the declared row count, the hash and Content-Length do.
    for cut in range(5, len(whole), 37):
        assert refusal(whole[:cut], sent)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_files_joined_after_compression_read_as_one(pack: Callable[[bytes], bytes]) -> None:
    first, second = as_csv(ROW).encode(), (",".join(ROW.values()) + "\n").encode()
    assert rows_of(pack(first) + pack(second)) == [ROW, ROW]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_rubbish_after_a_compressed_file_is_refused(pack: Callable[[bytes], bytes]) -> None:
    assert "damaged" in refusal(pack(as_csv(ROW).encode()) + b"rubbish")


@pytest.mark.parametrize("more", [-2, -1, 0, 1, 2, 300])
def test_a_gzip_whose_check_sum_is_wrong_is_refused_wherever_its_last_piece_ends(more: int) -> None:
    packed = bytearray(gzip.compress(b"\0" * (compression.RATIO_COUNTS_FROM // 16 + more)))
    packed[-8] ^= 1
    with pytest.raises(UnreadableFile, match="gzip is damaged"):
        list(compression.expanded(iter([bytes(packed)]), None, compression.Meter()))


def bomb(pack: str) -> bytes:
    """A valid beginning, and then 300 MB of one row, packed into very little."""
    head, row = as_csv(ROW).encode(), (",".join(ROW.values()) + "\n").encode()
    block = row * 5000
    if pack == "gzip":
        packer: Any = zlib.compressobj(9, zlib.DEFLATED, 31)
    else:
        packer = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join([packer.compress(head), *(packer.compress(block) for _ in range(300)), packer.flush()])


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
def test_a_bomb_is_refused_long_before_it_is_unpacked(pack: str) -> None:
    data = bomb(pack)
    meter = compression.Meter()
    got = 0
    with pytest.raises(UnreadableFile, match="more than 100 times"):
        for piece in compression.expanded(pieces(data, 4096), None, meter):
            got += len(piece)
            assert len(piece) <= 1024**2
    assert got < 120 * 1024**2
    assert "more than 100 times" in refusal(data)


def test_a_parquet_bomb_of_one_text_repeated_is_refused_before_it_is_written_out() -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 1_000_000]))
    rows = [ROW] * 100_000
    said = refusal(as_parquet(*rows, name=long), PARQUET)
    assert f"Its row 1 has more than {LONGEST_LINE} bytes" in said


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_a_parquet_reads_the_same_in_every_encoding(encoding: str) -> None:
    out = io.BytesIO()
    columns = pa.table({column: [ROW[column]] for column in COLUMNS})
    pq.write_table(columns, out, use_dictionary=False, column_encoding=dict.fromkeys(COLUMNS, encoding))
    assert rows_of(out.getvalue(), PARQUET) == [ROW]


@pytest.mark.parametrize("kind", [pa.string_view(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_parquet_row_is_as_long_as_all_its_texts_of_whatever_type(kind: pa.DataType) -> None:
    half = pa.array(["x" * (LONGEST_LINE // 2)] * 2, pa.string()).cast(kind)
    said = refusal(as_parquet(ROW, ROW, name=half, consent_channel=half), PARQUET)
    assert f"Its row 1 has more than {LONGEST_LINE} bytes" in said


def test_a_parquet_for_which_the_disk_has_no_room_is_our_fault_and_not_the_files() -> None:
    data = as_parquet(ROW)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(NoRoom):
            Upload(pieces(data), PARQUET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("sent", [CSV, NDJSON])
def test_a_line_of_ten_megabytes_is_refused_by_its_number(sent: Sent) -> None:
    start = as_csv(ROW).encode() if sent is CSV else as_ndjson(ROW)
    said = refusal(start + b"x" * 10_000_000 + b"\n", sent)
    assert f"line {3 if sent is CSV else 2} has more than {LONGEST_LINE} bytes" in said


@pytest.mark.parametrize(("form", "sent"), ALL_FORMS)
def test_a_nul_in_a_row_reaches_no_rule_and_no_database(form: Callable[..., bytes], sent: Sent) -> None:
    rows = rows_of(form({**ROW, "name": "a\0b", "partner_reference": "\0json_invalid"}), sent)
    assert [(row["name"], row["partner_reference"]) for row in rows] == [("a\ufffdb", "\ufffdjson_invalid")]


def test_a_line_that_is_no_row_is_told_from_a_row_of_a_single_column() -> None:
    upload = Upload([b"partner_reference\na\n\xff\xff\nb\n"], CSV, FILE_COLUMNS["removal"])
    (part,) = upload.parts()
    lines = part.text.split("\n")
    assert [line.count(",") == 0 for line in lines] == [True, False, True]
    assert line_faults.fault_of(lines[1], 1).code == "encoding_invalid"


def test_lines_that_end_in_both_ways_read_alike() -> None:
    text = as_csv(ROW, ROW, ROW)
    head, one, two, three = text.strip().split("\n")
    assert [line.rstrip("\r") for _number, line in lines_of(f"{head}\r\n{one}\n{two}\r\n{three}".encode())] == [one] * 3


def test_lines_that_end_in_carriage_returns_alone_are_refused() -> None:
    assert "carriage returns alone" in refusal(as_csv(ROW).replace("\n", "\r").encode())


@pytest.mark.parametrize(
    ("data", "sent", "said"),
    [
        (b"", CSV, "It is empty"),
        (b'{"name": "a"}\n', CSV, "application/x-ndjson"),
        (b"", NDJSON, "no rows"),
        (b"", PARQUET, "not Parquet"),
        (as_parquet(ROW), CSV, "It is Parquet"),
        (as_csv(ROW).encode(), PARQUET, "not Parquet"),
        (as_parquet(ROW)[:-1], PARQUET, "no whole Parquet file"),
        (as_csv().encode(), CSV, "no rows"),
        (gzip.compress(gzip.compress(as_csv(ROW).encode())), CSV, "compressed twice"),
        (b"PK\x03\x04rest of it", CSV, "a zip archive or a spreadsheet"),
        (as_csv(ROW).encode(), Sent("csv", "gzip"), "not gzip"),
        (gzip.compress(as_csv(ROW).encode()), Sent("csv", "zstd"), "not zstd"),
        (as_csv(ROW).encode(), Sent("csv", "br"), "Content-Encoding is not known"),
        (b"13912345678,001234198003150017\n", CSV, "the 1st one"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_with_what_to_do(data: bytes, sent: Sent, said: str) -> None:
    sentence = refusal(data, sent)
    assert said in sentence
    assert "13912345678" not in sentence


ODD_LINE = st.text(st.sampled_from(' \t\r\x0b\x0c\x1c\x85\u00a0\u2028\u3000\ufeff",a{}'), max_size=4)


def as_parquet_column(cells: list[str | None]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"partner_reference": pa.array(cells, pa.string())}), out)
    return out.getvalue()


def read_of(data: bytes, sent: Sent, kind: BatchKind) -> tuple[int, int]:
    """How many rows were counted as they came in, and how many the worker finds."""
    upload = Upload(pieces(data), sent, FILE_COLUMNS[kind])
    found = 0
    for part in upload.parts():
        if kind == "enrollment":
            table = parse.table(part.data, upload.header, part.first_line)
            found += table.rows.height + len(table.faults)
        else:
            found += len(list(few_columns.rows(part.text, upload.header, part.first_line)))
    return upload.rows, found


@given(st.lists(ODD_LINE, min_size=1, max_size=6), st.sampled_from(["enrollment", "removal"]))
@example(["\u3000"], "enrollment")
@example(["\u3000"], "removal")
@example(["\x1c"], "removal")
def test_as_many_rows_are_read_as_were_counted_whatever_white_space_lines_hold(
    lines: list[str], kind: BatchKind
) -> None:
    good = {"enrollment": as_csv(ROW), "removal": "partner_reference\nsub-1\n"}[kind]
    counted, found = read_of((good + "\n".join(lines)).encode(), CSV, kind)
    assert counted == found
    asked = {name: ROW.get(name, "") for name in FILE_COLUMNS[kind].names}
    counted, found = read_of(as_ndjson(asked) + "\n".join(lines).encode(), NDJSON, kind)
    assert counted == found


@settings(max_examples=10)  # a process is started for each
@given(st.lists(st.none() | ODD_LINE, min_size=1, max_size=6))
@example([None, ""])
def test_an_empty_cell_of_a_parquet_file_with_one_column_is_a_row(cells: list[str | None]) -> None:
    assert read_of(as_parquet_column(cells), PARQUET, "removal") == (len(cells), len(cells))
