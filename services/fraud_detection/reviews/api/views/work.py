"""Who works on a case, and what staff wrote on it, as reviewers see it."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.reviews.store import notes
from services.fraud_detection.reviews.store.notes import EscalationRow, NoteRow
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel


class LeaseView(ReplyModel):
    """Until `expires_at` nobody else takes or decides the case; each act of its holder on it prolongs that."""

    claim_id: str
    held_by: str
    expires_at: datetime


class NoteView(ReplyModel):
    """A note of staff; the resident does not see it."""

    note_id: str
    claim_id: str
    written_by: str
    written_at: datetime
    note: str
    """Empty once the person was erased."""


class EscalationView(ReplyModel):
    """The case waits for a person with the scope `reviews:senior`."""

    claim_id: str
    escalated_by: str
    escalated_at: datetime
    reason: str
    """Empty once the person was erased."""


class AssignmentView(ReplyModel):
    """Until `expires_at` the case is this person's alone, whether they work on it or not."""

    claim_id: str
    assigned_to: str
    assigned_by: str
    assigned_at: datetime
    expires_at: datetime


class UndoableView(ReplyModel):
    """What was decided and takes effect at `undo_until`; until then who decided may take it back."""

    decision_id: str
    outcome: Outcome
    decided_by: str
    decided_at: datetime
    undo_until: datetime


def note_view(tx: Tx, row: NoteRow, personal_data: PersonalData) -> NoteView:
    note = personal_data.open(tx, row.note, row.claim_id, f"note {row.note_id}") if row.note else ""
    return NoteView.of(row, note=note)


def notes_of(tx: Tx, claim_id: ClaimId, personal_data: PersonalData) -> list[NoteView]:
    """The oldest first."""
    return [note_view(tx, row, personal_data) for row in notes.of_claim(tx, claim_id)]


def escalation_view(tx: Tx, row: EscalationRow | None, personal_data: PersonalData) -> EscalationView | None:
    if row is None:
        return None
    reason = personal_data.open(tx, row.reason, row.claim_id, f"escalation {row.round}") if row.reason else ""
    return EscalationView.of(row, reason=reason)
