"""Rows for COPY … FROM STDIN (FORMAT binary), written column by column. Which table takes them is the callers'.

A row is the number of its fields, and each field's length and bytes (PostgreSQL's documentation of COPY, "Binary
Format"). Columns of fixed width are laid out by numpy for all rows at once; those of a row's own length come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL: Final = b"\xff\xff"

Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]
"""A value for each row, or one for all where it has no dimension."""

_LENGTHS: Final = pl.Series([f"\0\0\0{chr(length)}" for length in range(128)])
"""The length of a short text as four bytes of big-endian, which are text themselves."""


def binary_rows(count: int, fixed: Sequence[Column], texts: Sequence[pl.Series]) -> bytes:
    """All of COPY's input: rows of the columns ``fixed``, then ``texts``, each ASCII of up to 127 characters."""
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for place, column in enumerate(fixed):
        fields += [(f"length{place}", ">i4"), (f"value{place}", column.dtype)]
    rows = np.empty(count, np.dtype(fields))
    rows["fields"] = len(fixed) + len(texts)
    for place, column in enumerate(fixed):
        rows[f"length{place}"] = column.dtype.itemsize
        rows[f"value{place}"] = column
    laid_out: list[bytes] = rows.view(f"V{rows.dtype.itemsize}").tolist()
    together = [piece for row in zip(laid_out, _with_lengths(texts), strict=True) for piece in row]
    return b"".join([HEAD, *together, TAIL])


def _with_lengths(texts: Sequence[pl.Series]) -> list[bytes]:
    columns = [part for text in texts for part in (_LENGTHS.gather(text.str.len_bytes()), text)]
    together: list[bytes] = pl.select(pl.concat_str(columns)).to_series().cast(pl.Binary).to_list()
    return together


def packed(column: Sequence[bytes], width: int) -> Column:
    """Values of ``width`` bytes each as a column."""
    return np.frombuffer(b"".join(column), f"V{width}")
