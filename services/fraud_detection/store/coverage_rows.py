"""Chunks of policies into the coverage view by binary COPY, several chunks at once. Reading the view is coverage's.

A row of COPY BINARY is the number of its fields, and each field's length and bytes. All rows of a chunk have one
layout: what differs are fixed-width columns, and texts are the chunk's. So numpy writes a chunk in one go.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import numpy as np
import psycopg2.errors

from shared.db.transaction import Tx
from shared.events.policies import ID_BYTES, TOKEN_BYTES, PoliciesEnrolled

_COLUMNS: Final = """policy_id, effective_from, effective_to, version, product_version, birth_year,
    person_token, phone_token, partner_id, product_code, waits_from, retroactive_from, stacks"""
_COPY: Final = f"COPY coverage ({_COLUMNS}) FROM STDIN (FORMAT binary)"
_STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_coverage (LIKE coverage INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"""
_COPY_TO_STAGE: Final = f"COPY staged_coverage ({_COLUMNS}) FROM STDIN (FORMAT binary)"
_KEEP_STAGED: Final = f"""
INSERT INTO coverage ({_COLUMNS}) SELECT {_COLUMNS} FROM staged_coverage ORDER BY policy_id
ON CONFLICT (policy_id) DO NOTHING"""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
_Value: TypeAlias = Array | None
"""One column: a value for each row, one for all (without a dimension), or NULL in all."""


def keep(tx: Tx, chunks: Sequence[PoliciesEnrolled]) -> None:
    """All policies of these chunks. Known ones stay: an enrollment is always version 1.

    Raises:
        OverflowError: a number does not fit its column.
    """
    data = b"".join([_HEAD, *(_rows(chunk) for chunk in chunks), _TAIL])
    # Straight into the table, for a policy is announced once as a rule; only what comes again costs a second write.
    tx.execute("SAVEPOINT keeping")
    try:
        tx.copy_in(_COPY, io.BytesIO(data))
    except psycopg2.errors.UniqueViolation:
        tx.execute("ROLLBACK TO SAVEPOINT keeping")
        tx.execute(_STAGE)
        tx.copy_in(_COPY_TO_STAGE, io.BytesIO(data))
        tx.execute(_KEEP_STAGED)


def _rows(chunk: PoliciesEnrolled) -> bytes:
    policies = chunk.policies
    columns: tuple[_Value, ...] = (
        np.frombuffer(policies.policy_id, f"V{ID_BYTES}"),
        _moments(policies.effective_from),
        _moments(policies.effective_to),
        np.array(1, ">i4"),
        np.array(chunk.product_version, ">i4"),
        np.array(policies.birth_year, ">i2"),
        np.frombuffer(policies.person_token, f"V{TOKEN_BYTES}"),
        np.frombuffer(policies.phone_token, f"V{TOKEN_BYTES}"),
        _text(chunk.partner_id),
        _text(chunk.product_code),
        _moments(policies.waits_from),
        _moments(policies.retroactive_from),
        np.array(chunk.stacks, "?"),
    )
    return _interleaved(columns, policies.count)


def _interleaved(columns: Sequence[_Value], count: int) -> bytes:
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"length{place}", ">i4"))
        if column is not None:
            fields.append((f"value{place}", column.dtype))
    rows = np.empty(count, np.dtype(fields))
    rows["fields"] = len(columns)
    for place, column in enumerate(columns):
        rows[f"length{place}"] = -1 if column is None else column.dtype.itemsize
        if column is not None:
            rows[f"value{place}"] = column
    return rows.tobytes()


def _moments(column: Sequence[datetime] | None) -> _Value:
    if column is None:
        return None
    micros = np.array([(moment - _EPOCH) // _MICROSECOND for moment in column], ">i8")
    return micros.reshape(()) if len(micros) == 1 else micros


def _text(text: str) -> Array:
    return np.array(np.void(text.encode()))
