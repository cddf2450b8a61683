"""Which cases a senior person handed to a reviewer by name, and until when. One of a case's round at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.reviews.store.passes import of_this_pass
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    claim_id: ClaimId
    round: int
    assigned_to: str
    assigned_by: str
    assigned_at: datetime
    expires_at: datetime


_ASSIGNMENT: Final = Columns(AssignmentRow)
_ASSIGN: Final = f"""
INSERT INTO review_assignments ({_ASSIGNMENT.names}) VALUES ({_ASSIGNMENT.places})"""
_STANDING: Final = f"""
SELECT {_ASSIGNMENT.of("review_assignments")}
FROM review_assignments JOIN reviews ON {of_this_pass("review_assignments")}
WHERE closed_at IS NULL AND reviews.claim_id = ANY(%s::uuid[]) AND expires_at > %s"""
_DROP: Final = "DELETE FROM review_assignments WHERE claim_id = %s"


def assign(tx: Tx, assignment: AssignmentRow) -> None:
    """In place of whom the locked case was assigned to before."""
    drop(tx, assignment.claim_id)
    tx.execute(_ASSIGN, _ASSIGNMENT.values(assignment))


def standing(tx: Tx, claim_ids: Sequence[ClaimId], *, now: datetime) -> dict[ClaimId, AssignmentRow]:
    """Which of these cases wait for a person by name at ``now``."""
    return {row.claim_id: row for row in tx.all(_STANDING, (list(claim_ids), now), into=AssignmentRow)}


def drop(tx: Tx, claim_id: ClaimId) -> None:
    """The case is everybody's again."""
    tx.execute(_DROP, (claim_id,))
