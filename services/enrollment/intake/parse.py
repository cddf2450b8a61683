"""A part of a file to rows, in columns. Quotes may stand around a field; a field holds no line break."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import polars as pl

from services.enrollment.domain.rows import COLUMNS, Fault, RawRow

_COMMA: Final = ","


class Line(msgspec.Struct, frozen=True):
    """One row with its line number in the file; a Fault where it is no row at all."""

    number: int
    row: RawRow | Fault


def rows(text: str, header: Sequence[str], first_line: int) -> Iterator[Line]:
    """Every line that is not empty, in the file's order."""
    frame = _frame(text, header, first_line)
    for number, fields, *texts in frame.iter_rows():
        if fields == len(header):
            yield Line(number, RawRow(*texts))
        else:
            yield Line(number, _wrong_count(len(header)))


def _frame(text: str, header: Sequence[str], first_line: int) -> pl.DataFrame:
    """Columns ``line``, ``fields`` (how many the line has) and those of a RawRow, each stripped."""
    split_text = pl.Series("text", text.split("\n"), dtype=pl.String)
    lines = pl.DataFrame({"text": split_text.str.strip_chars_end("\r")}).with_row_index("line", offset=first_line)
    lines = lines.filter(pl.col("text").str.strip_chars() != "")
    quoted = pl.col("text").str.contains('"', literal=True)
    plain = lines.filter(~quoted)
    split = plain.select(
        pl.col("line").cast(pl.Int64),
        (pl.col("text").str.count_matches(_COMMA, literal=True) + 1).cast(pl.Int64).alias("fields"),
        pl.col("text").str.split_exact(_COMMA, len(header) - 1).struct.rename_fields(list(header)).alias("row"),
    ).unnest("row")
    rest = lines.filter(quoted)
    if rest.height:
        split = pl.concat([split, _quoted(rest, header)]).sort("line")
    missing = [pl.lit("").alias(name) for name in COLUMNS if name not in header]
    return split.with_columns(missing).select(
        "line", "fields", *(pl.col(name).fill_null("").str.strip_chars() for name in COLUMNS)
    )


def _quoted(lines: pl.DataFrame, header: Sequence[str]) -> pl.DataFrame:
    """Lines with quotes, each read alone, so that a quote that is never closed spoils no line but its own."""
    found: list[tuple[object, ...]] = []
    for number, text in lines.iter_rows():
        try:
            fields = next(csv.reader([text], strict=True))
        except csv.Error:
            fields = []
        found.append((number, len(fields), *(fields if len(fields) == len(header) else [""] * len(header))))
    schema = {"line": pl.Int64, "fields": pl.Int64, **dict.fromkeys(header, pl.String)}
    return pl.DataFrame(found, schema=schema, orient="row")


def _wrong_count(expected: int) -> Fault:
    return Fault(
        "line",
        "columns_wrong",
        "The line has another number of fields than the header, or a quote that is not closed.",
        f"Send {expected} fields, separated by commas; put a field that holds a comma in quotes.",
    )
