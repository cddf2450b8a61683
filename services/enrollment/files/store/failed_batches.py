"""The end of batches that failed: what is left of their files is people's data, and is not kept for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.db.transaction import Tx

_FORGET: Final = """
UPDATE batch_parts SET sealed = NULL
WHERE (batch_id, part_no) IN (
    SELECT p.batch_id, p.part_no FROM batch_parts p JOIN batches b USING (batch_id)
    WHERE b.state = 'failed' AND b.received_at < %s AND p.sealed IS NOT NULL
    LIMIT %s FOR UPDATE OF p SKIP LOCKED
)
"""


def forget_parts(tx: Tx, received_before: datetime, *, most: int) -> int:
    """Empty parts that were never done, of failed batches received before then; how many."""
    return tx.execute(_FORGET, (received_before, most))
