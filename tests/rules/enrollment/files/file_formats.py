"""The same rows in each format."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.enrollment.policies.domain.rows import COLUMNS

ROW = {
    "partner_reference": "sub-1",
    "document_type": "resident_id",
    "document_number": "001234198003150017",
    "name": "张小明",
    "phone": "13912345678",
    "birth_date": "1980-03-15",
    "effective_date": "2026-03-02",
    "consent_text_version": "2026-01",
    "consent_given_at": "2026-02-28T09:30:00+08:00",
    "consent_channel": "app",
    "consent_sha256": "ab" * 32,
}


def pieces(data: bytes, size: int = 65_536) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def as_csv(*rows: dict[str, str], names: dict[str, str] | None = None) -> str:
    header = ",".join((names or {}).get(column, column) for column in COLUMNS)
    return "\n".join([header, *(",".join(row[column] for column in COLUMNS) for row in rows)]) + "\n"


def as_ndjson(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(*rows: dict[str, Any], **changed: Any) -> bytes:
    """The rows as a table of texts; ``changed`` gives columns of other types in place of its own."""
    table = pa.table({column: pa.array([row[column] for row in rows]) for column in COLUMNS} | changed)
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()
