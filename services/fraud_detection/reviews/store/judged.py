"""What persons decided, and what a second person decided on the same claim. Only read here: decisions writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.fraud_detection.reviews.domain.agreement import Judged
from shared.db.columns import Columns
from shared.db.transaction import Tx

_JUDGED: Final = Columns(
    Judged,
    reviewer="decided_by",
    seconds="extract(epoch FROM decided_at - waiting_since)::float8",
    second_reviewer="CASE WHEN next_by <> decided_by THEN next_by END",
    second_outcome="CASE WHEN next_by <> decided_by THEN next_outcome END",
)
_BETWEEN: Final = f"""
SELECT {_JUDGED} FROM (
    SELECT claim_id, round, decided_by, outcome, decided_at,
           lead(decided_by) OVER later AS next_by, lead(outcome) OVER later AS next_outcome
    FROM decisions
    WHERE by_person AND outcome IN ('approved', 'refused')
      AND claim_id IN (SELECT claim_id FROM decisions
                       WHERE by_person AND decided_at >= %(begin)s AND decided_at < %(end)s)
    WINDOW later AS (PARTITION BY claim_id ORDER BY version)
) AS of_persons JOIN reviews USING (claim_id, round)
WHERE decided_at >= %(begin)s AND decided_at < %(end)s
ORDER BY decided_at, claim_id"""


def between(tx: Tx, begin: datetime, end: datetime) -> list[Judged]:
    """The approvals and refusals of persons from ``begin`` until before ``end``, whenever the second one was."""
    return tx.all(_BETWEEN, {"begin": begin, "end": end}, into=Judged)
