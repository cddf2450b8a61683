"""A part of a batch to rows, in columns. Quotes may stand around a field; a field holds no line break."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import msgspec
import polars as pl
from polars.exceptions import ComputeError

from services.enrollment.domain.rows import COLUMNS, Fault, RawRow
from services.enrollment.intake.line_faults import fault_of

_COMMA: Final = ","
_NOT_UNIFORM: Final = (b'"', b"\r", b"\0")
"""Where none of these stands, a part whose lines have all as many commas as its header is read at one go."""


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` has a column ``line`` and those asked for, ``""`` where nothing was given; ``faults`` are no rows."""

    rows: pl.DataFrame
    faults: list[tuple[int, Fault]]


def table(part: bytes, header: Sequence[str], first_line: int, columns: Sequence[str] = COLUMNS) -> Table:
    """Every line that is not empty. Texts may still have blanks around them."""
    frame = _uniform(part, header, first_line)
    if frame is not None:
        return Table(_with_columns(frame, columns), [])
    frame = _line_by_line(part.decode(errors="replace"), header, first_line)
    good = pl.col("fields") == len(header)
    faults = [
        (line, fault_of(text, len(header))) for line, text in frame.filter(~good).select("line", "text").iter_rows()
    ]
    return Table(_with_columns(frame.filter(good), columns), faults)


class Line(msgspec.Struct, frozen=True):
    """One row with its line number in the file; a Fault where it is no row at all."""

    number: int
    row: RawRow | Fault


def rows(text: str, header: Sequence[str], first_line: int) -> Iterator[Line]:
    """Every line of an enrollment's part that is not empty, in the file's order, each field stripped."""
    found = table(text.encode(), header, first_line)
    stripped = found.rows.with_columns(pl.col(COLUMNS).str.strip_chars())
    lines = [Line(number, RawRow(*texts)) for number, *texts in stripped.iter_rows()]
    lines += [Line(number, fault) for number, fault in found.faults]
    return iter(sorted(lines, key=lambda line: line.number))


def _uniform(part: bytes, header: Sequence[str], first_line: int) -> pl.DataFrame | None:
    """The part by polars' own reader; None where a line may be anything else than a plain row."""
    lines = part.count(b"\n") + (not part.endswith(b"\n"))
    if any(each in part for each in _NOT_UNIFORM) or part.count(b",") != lines * (len(header) - 1):
        return None
    try:
        frame = pl.read_csv(
            BytesIO(part),
            has_header=False,
            schema=dict.fromkeys(header, pl.String),
            quote_char=None,
            row_index_name="line",
            row_index_offset=first_line,
        )
    except ComputeError:  # more fields somewhere, and therefore fewer elsewhere; or no UTF-8
        return None
    # Empty lines are left out, and would be missing in the count.
    return frame.with_columns(pl.col(pl.String).fill_null("")) if frame.height == lines else None


def _with_columns(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    missing = [pl.lit("").alias(name) for name in columns if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col("line").cast(pl.Int64), *(pl.col(name) for name in columns))


def _line_by_line(text: str, header: Sequence[str], first_line: int) -> pl.DataFrame:
    """Columns ``line``, ``text``, ``fields`` (how many the line has) and those of the header."""
    split_text = pl.Series("text", text.split("\n"), dtype=pl.String)
    lines = pl.DataFrame({"text": split_text.str.strip_chars_end("\r")}).with_row_index("line", offset=first_line)
    lines = lines.filter(pl.col("text").str.strip_chars() != "")
    quoted = pl.col("text").str.contains('"', literal=True)
    split = (
        lines.filter(~quoted)
        .select(
            pl.col("line").cast(pl.Int64),
            "text",
            (pl.col("text").str.count_matches(_COMMA, literal=True) + 1).cast(pl.Int64).alias("fields"),
            pl.col("text").str.split_exact(_COMMA, len(header) - 1).struct.rename_fields(list(header)).alias("row"),
        )
        .unnest("row")
        .with_columns(pl.col(name).fill_null("") for name in header)
    )
    rest = lines.filter(quoted)
    return pl.concat([split, _quoted(rest, header)]).sort("line") if rest.height else split


def _quoted(lines: pl.DataFrame, header: Sequence[str]) -> pl.DataFrame:
    """Lines with quotes, each read alone, so that a quote that is never closed spoils no line but its own."""
    found: list[tuple[object, ...]] = []
    for number, text in lines.iter_rows():
        try:
            fields = next(csv.reader([text], strict=True))
        except csv.Error:
            fields = []
        found.append((number, text, len(fields), *(fields if len(fields) == len(header) else [""] * len(header))))
    schema = {"line": pl.Int64, "text": pl.String, "fields": pl.Int64, **dict.fromkeys(header, pl.String)}
    return pl.DataFrame(found, schema=schema, orient="row")
