"""A part of a batch to rows, in columns. Quotes may stand around a field; a field holds no line break."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import polars as pl
from polars.exceptions import ComputeError

from services.enrollment.files.intake.line_faults import fault_of
from services.enrollment.files.intake.lines import BLANK
from services.enrollment.policies.domain.rows import COLUMNS, Fault, RawRow

Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_COMMA: Final = ","
_NEWLINE: Final = ord("\n")
_SPECIAL: Final = b'"\r\0'
"""Where none of these stands, a line with as many commas as the header is a plain row."""


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` has a column ``line`` and those asked for, ``""`` where nothing was given; ``faults`` are no rows."""

    rows: pl.DataFrame
    faults: list[tuple[int, Fault]]


def table(part: bytes, header: Sequence[str], first_line: int, columns: Sequence[str] = COLUMNS) -> Table:
    """Every line that is not empty. Texts may still have blanks around them."""
    plain, numbers, apart = _set_apart(part, len(header), first_line)
    frame = _plain_rows(plain, numbers, header)
    if frame is None:
        lines = part.decode(errors="replace").split("\n")
        frame, apart = None, list(enumerate(lines, start=first_line))
    if not apart:
        assert frame is not None  # noqa: S101  # or else all lines were set apart
        return Table(_with_columns(frame, columns), [])
    rest = _line_by_line(apart, header)
    good = pl.col("fields") == len(header)
    faults = [
        (line, fault_of(text, len(header))) for line, text in rest.filter(~good).select("line", "text").iter_rows()
    ]
    odd = _with_columns(rest.filter(good), columns)
    rows = odd if frame is None else pl.concat([_with_columns(frame, columns), odd]).sort("line")
    return Table(rows, faults)


class SourceLine(msgspec.Struct, frozen=True):
    """One row with its line number in the file; a Fault where it is no row at all."""

    number: int
    row: RawRow | Fault


def rows(text: str, header: Sequence[str], first_line: int) -> Iterator[SourceLine]:
    """Every line of an enrollment's part that is not empty, in the file's order, each field stripped."""
    found = table(text.encode(), header, first_line)
    stripped = found.rows.with_columns(pl.col(COLUMNS).str.strip_chars())
    lines = [SourceLine(number, RawRow(*texts)) for number, *texts in stripped.iter_rows()]
    lines += [SourceLine(number, fault) for number, fault in found.faults]
    return iter(sorted(lines, key=lambda line: line.number))


def _set_apart(part: bytes, fields: int, first_line: int) -> tuple[bytes, Numbers, list[tuple[int, str]]]:
    """The plain rows of a part with their line numbers, and numbers and texts of all other lines."""
    lines = part.count(b"\n") + (not part.endswith(b"\n"))
    numbers = np.arange(first_line, first_line + lines)
    octets = np.frombuffer(part, np.uint8)
    special = [byte for byte in _SPECIAL if byte in part]
    ends = np.flatnonzero(octets == _NEWLINE)
    if len(ends) < lines:
        ends = np.append(ends, len(part))
    commas = np.diff(np.searchsorted(np.flatnonzero(octets == ord(_COMMA)), ends), prepend=0)
    odd = (commas != fields - 1) | (fields == 1)
    for byte in special:
        odd[np.searchsorted(ends, np.flatnonzero(octets == byte))] = True
    kept, apart, place = [], [], 0
    for index in np.flatnonzero(odd).tolist():
        start, end = int(ends[index - 1]) + 1 if index else 0, int(ends[index])
        kept.append(part[place:start])
        apart.append((first_line + index, part[start:end].decode(errors="replace")))
        place = end + 1
    return b"".join([*kept, part[place:]]) if apart else part, numbers[~odd], apart


def _plain_rows(part: bytes, numbers: Numbers, header: Sequence[str]) -> pl.DataFrame | None:
    """Lines without quotes, with as many fields as the header; None where they are no UTF-8."""
    schema = dict.fromkeys(header, pl.String)
    try:
        frame = pl.read_csv(BytesIO(part), has_header=False, schema=schema, quote_char=None) if len(numbers) else None
    except ComputeError:
        return None
    if frame is None:
        frame = pl.DataFrame(schema=schema)
    return frame.select(pl.Series("line", numbers, dtype=pl.Int64), pl.col(header).fill_null(""))


def _with_columns(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    missing = [pl.lit("").alias(name) for name in columns if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col("line").cast(pl.Int64), *(pl.col(name) for name in columns))


def _line_by_line(apart: Sequence[tuple[int, str]], header: Sequence[str]) -> pl.DataFrame:
    """Columns ``line``, ``text``, ``fields`` (how many the line has) and those of the header."""
    lines = pl.DataFrame(list(apart), schema={"line": pl.Int64, "text": pl.String}, orient="row")
    lines = lines.with_columns(pl.col("text").str.strip_chars_end("\r")).filter(
        pl.col("text").str.strip_chars(BLANK) != ""
    )
    quoted = pl.col("text").str.contains('"', literal=True)
    split = (
        lines.filter(~quoted)
        .select(
            "line",
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
