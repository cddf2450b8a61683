"""The end of what rows of files were told: which batches' results expire, and the rows of those, bite by bite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import BatchId


@dataclass(frozen=True, slots=True)
class EndedBefore:
    """By when batches had ended whose results are kept no longer."""

    files: datetime
    dry_runs: datetime


_EXPIRE: Final = """
UPDATE batches SET results_expired_at = %(now)s WHERE batch_id IN (
    SELECT batch_id FROM batches
    WHERE results_expired_at IS NULL AND finished_at < CASE WHEN dry_run THEN %(dry_runs)s ELSE %(files)s END
    LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED)
"""


def expire(tx: Tx, ended: EndedBefore, *, most: int, now: datetime) -> int:
    """Say of some batches that their results are told no more; of how many."""
    return tx.execute(_EXPIRE, {"files": ended.files, "dry_runs": ended.dry_runs, "most": most, "now": now})


_TAKE: Final = """
SELECT batch_id FROM batches WHERE results_dropped_at IS NULL AND results_expired_at < %s
ORDER BY results_expired_at, batch_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
# Rows in which a person is being erased just now are left for the next bite.
_DROP_REJECTIONS: Final = """
DELETE FROM batch_rejections WHERE (batch_id, line) IN (
    SELECT batch_id, line FROM batch_rejections WHERE batch_id = %s ORDER BY line LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_DROP_DRY_RUN_ROWS: Final = """
DELETE FROM dry_run_rows WHERE (batch_id, line) IN (
    SELECT batch_id, line FROM dry_run_rows WHERE batch_id = %s ORDER BY line LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_ALL_DROPPED: Final = """
UPDATE batches b SET results_dropped_at = %(now)s
WHERE b.batch_id = %(batch_id)s
  AND NOT EXISTS (SELECT FROM batch_rejections x WHERE x.batch_id = b.batch_id)
  AND NOT EXISTS (SELECT FROM dry_run_rows d WHERE d.batch_id = b.batch_id)
"""


def drop(tx: Tx, expired_before: datetime, *, most: int, now: datetime) -> bool:
    """Drop so many rows of each kind at most, of one batch whose results expired before then; whether it did."""
    batch_id = tx.one(_TAKE, (expired_before,), into=BatchId)
    if batch_id is None:
        return False
    rejections = tx.execute(_DROP_REJECTIONS, (batch_id, most))
    dry_run_rows = tx.execute(_DROP_DRY_RUN_ROWS, (batch_id, most))
    if max(rejections, dry_run_rows) == most:
        return True
    return tx.execute(_ALL_DROPPED, {"batch_id": batch_id, "now": now}) + rejections + dry_run_rows > 0
