"""What staff write on a case for each other: a note, and why it is handed to a senior person. Decides nothing."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.errors import PolicyErased, UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import erased_policies
from services.fraud_detection.decisions.store import reviews
from services.fraud_detection.reviews.domain.errors import EscalatedBefore, NoOpenReview, NotEscalated
from services.fraud_detection.reviews.store import assignments, leases, notes
from services.fraud_detection.reviews.store.notes import EscalationRow, NoteRow
from services.fraud_detection.reviews.usecases.hold_case import keep, require_nobody_elses
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId


def write_note(
    tx: Tx, claim_id: ClaimId, note: str, *, written_by: str, personal_data: PersonalData, now: datetime
) -> NoteRow:
    """Keep a note on a claim, also on one that is decided.

    Raises:
        UnknownClaim: there is none.
        PolicyErased: the insured was forgotten, and nothing about them is kept any more.
    """
    claim = claims.find(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    if erased_policies.is_over(tx, claim.policy_id):
        raise PolicyErased(claim.policy_id)
    note_id = new_id()
    row = NoteRow(
        note_id=note_id,
        claim_id=claim_id,
        written_by=written_by,
        note=personal_data.seal(tx, note, claim_id, f"note {note_id}"),
        written_at=now,
    )
    notes.add(tx, row)
    keep(tx, claim_id, written_by, now=now)
    return row


def escalate(
    tx: Tx, claim_id: ClaimId, reason: str, *, escalated_by: str, personal_data: PersonalData, now: datetime
) -> EscalationRow:
    """Hand a case that waits to a senior person: from now on nobody else takes or decides it, and nobody holds it.

    Raises:
        UnknownClaim: there is none.
        NoOpenReview: it waits for nobody.
        DecisionWaits, HeldByAnother, AssignedToAnother: somebody else works on it.
        EscalatedBefore: it was handed on already.
    """
    if claims.lock(tx, claim_id) is None:
        raise UnknownClaim(claim_id)
    waiting = reviews.open_of(tx, claim_id)
    if waiting is None:
        raise NoOpenReview(claim_id)
    require_nobody_elses(tx, claim_id, escalated_by, now=now)
    row = EscalationRow(
        claim_id=claim_id,
        round=waiting.round,
        escalated_by=escalated_by,
        reason=personal_data.seal(tx, reason, claim_id, f"escalation {waiting.round}"),
        escalated_at=now,
    )
    if not notes.escalate(tx, row):
        raise EscalatedBefore(claim_id)
    leases.give_back(tx, claim_id)
    assignments.drop(tx, claim_id)
    audit.record(tx, actor=escalated_by, action="claim.escalated", subject=claim_id, details={}, now=now)
    return row


def take_escalation_back(tx: Tx, claim_id: ClaimId, *, reviewer: str, now: datetime) -> None:
    """Any reviewer may decide the case again who has not decided before; the last appeal stays a senior person's.

    Raises:
        UnknownClaim: there is none.
        NotEscalated: it waits for nobody, or was not handed on.
    """
    if claims.lock(tx, claim_id) is None:
        raise UnknownClaim(claim_id)
    if not notes.take_back(tx, claim_id):
        raise NotEscalated(claim_id)
    audit.record(tx, actor=reviewer, action="claim.escalation_taken_back", subject=claim_id, details={}, now=now)
