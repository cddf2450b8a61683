"""Rows for COPY … FROM STDIN (FORMAT binary), one by one: for large values, which are not written as text this way.

A row is the number of its fields, and each field's length and bytes (PostgreSQL's documentation of COPY, "Binary
Format"). Rows of fixed-width columns by the thousand are copy_columns'.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.db.transaction import Tx

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL: Final = b"\xff\xff"

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Moments are microseconds since then."""
MICROSECOND: Final = timedelta(microseconds=1)

_COUNT: Final = struct.Struct(">h")
_LENGTH: Final = struct.Struct(">i")
_INTEGER: Final = struct.Struct(">i")
_BIGINT: Final = struct.Struct(">q")
_ARRAY: Final = struct.Struct(">iiIii")
"""Of an array of one dimension: how many dimensions, whether a NULL is in it, its elements' type, how many, from 1."""
_TEXT: Final = 25
_DOUBLE: Final = 701
_NULL: Final = _LENGTH.pack(-1)


def copy_rows(tx: Tx, sql: str, rows: Iterable[Sequence[bytes | None]]) -> int:
    """Run the COPY ``sql`` with these rows, each field as its type's bytes or None for NULL; how many it took."""
    pieces = [HEAD]
    for row in rows:
        pieces.append(_COUNT.pack(len(row)))
        for field in row:
            pieces += (_NULL,) if field is None else (_LENGTH.pack(len(field)), field)
    return tx.copy_in(sql, io.BytesIO(b"".join([*pieces, TAIL])))


def integer(number: int) -> bytes:
    return _INTEGER.pack(number)


def bigint(number: int) -> bytes:
    return _BIGINT.pack(number)


def jsonb(text: bytes) -> bytes:
    return b"\x01" + text


def texts(values: Sequence[str]) -> bytes:
    """A ``text[]``."""
    encoded = [value.encode() for value in values]
    pieces = [piece for value in encoded for piece in (_LENGTH.pack(len(value)), value)]
    return b"".join([_ARRAY.pack(1, 0, _TEXT, len(encoded), 1), *pieces])


def doubles(values: Sequence[float]) -> bytes:
    """A ``double precision[]``."""
    elements = [part for value in values for part in (8, value)]
    return _ARRAY.pack(1, 0, _DOUBLE, len(values), 1) + struct.pack(">" + "id" * len(values), *elements)


def uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def timestamptz(moment: datetime) -> bytes:
    return _BIGINT.pack((moment - EPOCH) // MICROSECOND)
