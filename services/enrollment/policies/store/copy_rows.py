"""Rows for COPY … FROM STDIN (FORMAT binary) that end in texts of their own length, from columns of polars.

Columns of fixed width are laid out by numpy for all rows at once (copy_columns); those of a row's own length come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from shared.db.copy_columns import Column, rows_of
from shared.db.copy_format import HEAD, TAIL

_LENGTHS: Final = pl.Series([f"\0\0\0{chr(length)}" for length in range(128)])
"""The length of a short text as four bytes of big-endian, which are text themselves."""


def binary_rows(count: int, fixed: Sequence[Column], texts: Sequence[pl.Series]) -> bytes:
    """All of COPY's input: rows of the columns ``fixed``, then ``texts``, each ASCII of up to 127 characters."""
    rows = rows_of(count, fixed, fields_after=len(texts))
    laid_out: list[bytes] = rows.view(f"V{rows.dtype.itemsize}").tolist()
    together = [piece for row in zip(laid_out, _with_lengths(texts), strict=True) for piece in row]
    return b"".join([HEAD, *together, TAIL])


def _with_lengths(texts: Sequence[pl.Series]) -> list[bytes]:
    columns = [part for text in texts for part in (_LENGTHS.gather(text.str.len_bytes()), text)]
    together: list[bytes] = pl.select(pl.concat_str(columns)).to_series().cast(pl.Binary).to_list()
    return together
