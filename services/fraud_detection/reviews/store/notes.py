"""What staff write on a case for each other: notes, and why it was handed to a senior person. Sealed."""

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
class NoteRow:
    """``note`` is sealed; empty once the person was erased."""

    note_id: str
    claim_id: ClaimId
    written_by: str
    note: bytes
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRow:
    """``reason`` is sealed; empty once the person was erased."""

    claim_id: ClaimId
    round: int
    escalated_by: str
    reason: bytes
    escalated_at: datetime


_NOTE: Final = Columns(NoteRow)
_ADD: Final = f"INSERT INTO review_notes ({_NOTE.names}) VALUES ({_NOTE.places})"
_OF_CLAIM: Final = f"SELECT {_NOTE} FROM review_notes WHERE claim_id = %s ORDER BY note_id"

_ESCALATION: Final = Columns(EscalationRow)
_ESCALATE: Final = f"""
INSERT INTO review_escalations ({_ESCALATION.names}) VALUES ({_ESCALATION.places})
ON CONFLICT (claim_id, round) DO NOTHING"""
_ESCALATED: Final = f"""
SELECT {_ESCALATION.of("review_escalations")}
FROM review_escalations JOIN reviews ON {of_this_pass("review_escalations")}
WHERE closed_at IS NULL AND reviews.claim_id = ANY(%s::uuid[]) ORDER BY review_escalations.round"""
_TAKE_BACK: Final = f"""
DELETE FROM review_escalations USING reviews
WHERE {of_this_pass("review_escalations")} AND closed_at IS NULL AND reviews.claim_id = %s"""

_FORGET_NOTES: Final = """
UPDATE review_notes SET note = '' FROM claims
WHERE claims.claim_id = review_notes.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND note <> ''"""
_FORGET_ESCALATIONS: Final = """
UPDATE review_escalations SET reason = '' FROM claims
WHERE claims.claim_id = review_escalations.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND reason <> ''"""


def add(tx: Tx, note: NoteRow) -> None:
    tx.execute(_ADD, _NOTE.values(note))


def of_claim(tx: Tx, claim_id: ClaimId) -> list[NoteRow]:
    """The oldest first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=NoteRow)


def escalate(tx: Tx, escalation: EscalationRow) -> bool:
    """False if the case was handed on before in this round."""
    return tx.execute(_ESCALATE, _ESCALATION.values(escalation)) == 1


def escalated(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, EscalationRow]:
    """Which of these cases wait for a senior person."""
    return {row.claim_id: row for row in tx.all(_ESCALATED, (list(claim_ids),), into=EscalationRow)}


def take_back(tx: Tx, claim_id: ClaimId) -> bool:
    """The case is any reviewer's again; False if it was not handed on."""
    return tx.execute(_TAKE_BACK, (claim_id,)) > 0


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Forget what was written on claims of these policies; how many rows had something left."""
    ids = (list(policies),)
    return sum(tx.execute(statement, ids) for statement in (_FORGET_NOTES, _FORGET_ESCALATIONS))
