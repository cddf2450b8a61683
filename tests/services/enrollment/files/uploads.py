"""Files as partners upload them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import polars as pl

from services.enrollment.policies.domain.rows import COLUMNS, RawRow
from tests.services.enrollment.builders import row


def fresh(n: int, **changes: str) -> RawRow:
    """An acceptable row by today's clock."""
    return row(n, effective_date="", **changes)


def ndjson(rows: Sequence[RawRow]) -> bytes:
    return "".join(
        json.dumps({name: getattr(each, name) for name in COLUMNS}, ensure_ascii=False) + "\n" for each in rows
    ).encode()


def parquet(rows: Sequence[RawRow]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({name: [getattr(each, name) for each in rows] for name in COLUMNS}).write_parquet(out)
    return out.getvalue()
