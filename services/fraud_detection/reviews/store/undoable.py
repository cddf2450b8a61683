"""What persons decided and may still take back. A row is taken once: by who undoes, or by who has it take effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.values.ids import ClaimId, DecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoableRow:
    """``version`` is the claim's, as the person read it; ``said`` is sealed: the verdict, or what is asked for."""

    claim_id: ClaimId
    decision_id: DecisionId
    version: int
    kind: Literal["verdict", "request"]
    outcome: Outcome
    said: bytes
    decided_by: str
    senior: bool
    decided_at: datetime
    undo_until: datetime


_UNDOABLE: Final = Columns(UndoableRow)
_ADD: Final = f"INSERT INTO undoable_decisions ({_UNDOABLE.names}) VALUES ({_UNDOABLE.places})"
_OF_CLAIMS: Final = f"SELECT {_UNDOABLE} FROM undoable_decisions WHERE claim_id = ANY(%s::uuid[])"
_DUE: Final = "SELECT claim_id FROM undoable_decisions WHERE undo_until <= %s ORDER BY undo_until, claim_id LIMIT %s"
# Of who undoes and who has it take effect at one moment, the second finds no row.
_UNDO: Final = f"""
DELETE FROM undoable_decisions WHERE claim_id = %s AND decided_by = %s AND undo_until > %s RETURNING {_UNDOABLE}"""
_TAKE: Final = f"DELETE FROM undoable_decisions WHERE claim_id = %s AND undo_until <= %s RETURNING {_UNDOABLE}"
# One on a claim that nobody decides any more would be dropped by itself.
_FORGET: Final = """
DELETE FROM undoable_decisions USING claims
WHERE claims.claim_id = undoable_decisions.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND state <> 'in_review'"""


def add(tx: Tx, decision: UndoableRow) -> None:
    tx.execute(_ADD, _UNDOABLE.values(decision))


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, UndoableRow]:
    return {row.claim_id: row for row in tx.all(_OF_CLAIMS, (list(claim_ids),), into=UndoableRow)}


def due(tx: Tx, *, now: datetime, limit: int) -> list[ClaimId]:
    """The claims of those whose time is over, the longest first."""
    return tx.all(_DUE, (now, limit), into=ClaimId)


def undo(tx: Tx, claim_id: ClaimId, decided_by: str, *, now: datetime) -> UndoableRow | None:
    """Remove what this person may still take back; None if there is nothing such."""
    return tx.one(_UNDO, (claim_id, decided_by, now), into=UndoableRow)


def take(tx: Tx, claim_id: ClaimId, *, now: datetime) -> UndoableRow | None:
    """Remove what nobody may take back any more; None if there is nothing such."""
    return tx.one(_TAKE, (claim_id, now), into=UndoableRow)


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Forget what would be said on claims of these policies; how many there were."""
    return tx.execute(_FORGET, (list(policies),))
