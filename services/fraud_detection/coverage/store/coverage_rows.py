"""Chunks of policies into the coverage view by binary COPY, several chunks at once. Reading the view is coverage's.

All rows of a chunk have one layout: what differs are fixed-width columns, and texts are the chunk's. So numpy writes a
chunk in one go (copy_columns).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import psycopg2.errors

from shared.db.copy_columns import Column, packed, rows_of, text
from shared.db.copy_format import EPOCH, HEAD, MICROSECOND, TAIL
from shared.db.transaction import Tx
from shared.events.policies import ID_BYTES, TOKEN_BYTES, PoliciesEnrolled


def _moments(column: Sequence[datetime] | None) -> Column:
    if column is None:
        return None
    micros = np.array([(moment - EPOCH) // MICROSECOND for moment in column], ">i8")
    return micros.reshape(()) if len(micros) == 1 else micros


def _tokens(pack: bytes) -> Column:
    return packed(pack, TOKEN_BYTES)


_COLUMNS: Final[dict[str, Callable[[PoliciesEnrolled], Column]]] = {
    "policy_id": lambda chunk: packed(chunk.policies.policy_id, ID_BYTES),
    "effective_from": lambda chunk: _moments(chunk.policies.effective_from),
    "effective_to": lambda chunk: _moments(chunk.policies.effective_to),
    "version": lambda _: np.array(1, ">i4"),
    "product_version": lambda chunk: np.array(chunk.product_version, ">i4"),
    "birth_year": lambda chunk: np.array(chunk.policies.birth_year, ">i2"),
    "person_token": lambda chunk: _tokens(chunk.policies.person_token),
    "phone_token": lambda chunk: _tokens(chunk.policies.phone_token),
    "name_token": lambda chunk: None if chunk.policies.name_token is None else _tokens(chunk.policies.name_token),
    "partner_id": lambda chunk: text(chunk.partner_id),
    "product_code": lambda chunk: text(chunk.product_code),
    "waits_from": lambda chunk: _moments(chunk.policies.waits_from),
    "retroactive_from": lambda chunk: _moments(chunk.policies.retroactive_from),
    "stacks": lambda chunk: np.array(chunk.stacks, "?"),
    "renews": lambda chunk: None if chunk.policies.renews is None else packed(chunk.policies.renews, ID_BYTES),
}
_NAMES: Final = ", ".join(_COLUMNS)
_COPY: Final = f"COPY coverage ({_NAMES}) FROM STDIN (FORMAT binary)"
_STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_coverage (LIKE coverage INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"""
_COPY_TO_STAGE: Final = f"COPY staged_coverage ({_NAMES}) FROM STDIN (FORMAT binary)"
_KEEP_STAGED: Final = f"""
INSERT INTO coverage ({_NAMES}) SELECT {_NAMES} FROM staged_coverage ORDER BY policy_id
ON CONFLICT (policy_id) DO NOTHING"""


def keep(tx: Tx, chunks: Sequence[PoliciesEnrolled]) -> None:
    """All policies of these chunks. Known ones stay: an enrollment is always version 1.

    Raises:
        OverflowError: a number does not fit its column.
    """
    data = b"".join([HEAD, *(_rows(chunk) for chunk in chunks), TAIL])
    # Straight into the table, for a policy is announced once as a rule; only what comes again costs a second write.
    try:
        with tx.attempt():
            tx.copy_in(_COPY, io.BytesIO(data))
    except psycopg2.errors.UniqueViolation:
        tx.execute(_STAGE)
        tx.copy_in(_COPY_TO_STAGE, io.BytesIO(data))
        tx.execute(_KEEP_STAGED)


def _rows(chunk: PoliciesEnrolled) -> bytes:
    return rows_of(chunk.policies.count, [column(chunk) for column in _COLUMNS.values()]).tobytes()
