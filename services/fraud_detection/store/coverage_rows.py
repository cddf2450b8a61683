"""Chunks of policies into the coverage view by binary COPY, several chunks at once. Reading the view is coverage's.

All rows of a chunk have one layout: what differs are fixed-width columns, and texts are the chunk's. So numpy writes a
chunk in one go (copy_columns).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import psycopg2.errors

from shared.db.copy_columns import Column, packed, rows_of, text
from shared.db.copy_format import EPOCH, HEAD, MICROSECOND, TAIL
from shared.db.transaction import Tx
from shared.events.policies import ID_BYTES, TOKEN_BYTES, PoliciesEnrolled

_COLUMNS: Final = """policy_id, effective_from, effective_to, version, product_version, birth_year,
    person_token, phone_token, partner_id, product_code, waits_from, retroactive_from, stacks, renews"""
_COPY: Final = f"COPY coverage ({_COLUMNS}) FROM STDIN (FORMAT binary)"
_STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_coverage (LIKE coverage INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"""
_COPY_TO_STAGE: Final = f"COPY staged_coverage ({_COLUMNS}) FROM STDIN (FORMAT binary)"
_KEEP_STAGED: Final = f"""
INSERT INTO coverage ({_COLUMNS}) SELECT {_COLUMNS} FROM staged_coverage ORDER BY policy_id
ON CONFLICT (policy_id) DO NOTHING"""


def keep(tx: Tx, chunks: Sequence[PoliciesEnrolled]) -> None:
    """All policies of these chunks. Known ones stay: an enrollment is always version 1.

    Raises:
        OverflowError: a number does not fit its column.
    """
    data = b"".join([HEAD, *(_rows(chunk) for chunk in chunks), TAIL])
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
    columns: tuple[Column, ...] = (
        packed(policies.policy_id, ID_BYTES),
        _moments(policies.effective_from),
        _moments(policies.effective_to),
        np.array(1, ">i4"),
        np.array(chunk.product_version, ">i4"),
        np.array(policies.birth_year, ">i2"),
        packed(policies.person_token, TOKEN_BYTES),
        packed(policies.phone_token, TOKEN_BYTES),
        text(chunk.partner_id),
        text(chunk.product_code),
        _moments(policies.waits_from),
        _moments(policies.retroactive_from),
        np.array(chunk.stacks, "?"),
        None if policies.renews is None else packed(policies.renews, ID_BYTES),
    )
    return rows_of(policies.count, columns).tobytes()


def _moments(column: Sequence[datetime] | None) -> Column:
    if column is None:
        return None
    micros = np.array([(moment - EPOCH) // MICROSECOND for moment in column], ">i8")
    return micros.reshape(()) if len(micros) == 1 else micros
