"""Thousands of rows for COPY … FROM STDIN (FORMAT binary), column by column. Which table takes them is the callers'.

What differs from row to row are fixed-width columns, so that numpy lays all rows out at once; see copy_format for what
a row is. A text may be a column too where it is the same in all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Column: TypeAlias = Array | None
"""A value for each row, one for all (without a dimension), or NULL in all."""


def rows_of(count: int, columns: Sequence[Column], *, fields_after: int = 0) -> Array:
    """``count`` rows as a structured array, whose bytes are those of COPY; ``fields_after`` more are to follow each."""
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"length{place}", ">i4"))
        if column is not None:
            fields.append((f"value{place}", column.dtype))
    rows = np.empty(count, np.dtype(fields))
    rows["fields"] = len(columns) + fields_after
    for place, column in enumerate(columns):
        rows[f"length{place}"] = -1 if column is None else column.dtype.itemsize
        if column is not None:
            rows[f"value{place}"] = column
    return rows


def packed(values: bytes, width: int) -> Array:
    """Values of ``width`` bytes each, one after the other, as a column."""
    return np.frombuffer(values, f"V{width}")


def text(same: str) -> Array:
    """A text that is every row's."""
    return np.array(np.void(same.encode()))
