"""A senior person hands a case to a reviewer by name: until the assignment is over nobody else takes or decides it."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.reviews.domain.assigning import ASSIGNED_FOR, Candidate, assignment_faults
from services.fraud_detection.reviews.domain.errors import AnotherPersonDecides, NoOpenReview
from services.fraud_detection.reviews.store import assignments, leases, reviewers
from services.fraud_detection.reviews.store.assignments import AssignmentRow
from services.fraud_detection.reviews.usecases.hold_case import (
    is_for_seniors,
    require_another_person,
    require_undecided,
)
from services.fraud_detection.reviews.usecases.note_case import write_note
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId


def assign(
    tx: Tx,
    claim_id: ClaimId,
    to: str,
    note: str | None,
    *,
    assigned_by: str,
    personal_data: PersonalData,
    now: datetime,
) -> AssignmentRow:
    """Hand the case to the person ``to``, whoever holds it or had it assigned; ``note`` is for them to read.

    Raises:
        UnknownClaim: there is none.
        NoOpenReview: it waits for nobody.
        DecisionWaits: a decision on it waits to take effect.
        InvalidFields: nobody knows the person, or the person may not decide the case.
        PolicyErased: there is a note, and nothing about the insured is kept any more.
    """
    claim = claims.lock(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    waiting = reviews.open_of(tx, claim_id)
    if waiting is None:
        raise NoOpenReview(claim_id)
    require_undecided(tx, claim_id)
    known = reviewers.find(tx, to)
    candidate = Candidate(
        senior=None if known is None else known.senior, decided_before=_decided_before(tx, claim_id, to)
    )
    if faults := tuple(assignment_faults(candidate, senior_decides=is_for_seniors(tx, claim))):
        raise InvalidFields(faults)
    before = assignments.standing(tx, [claim_id], now=now).get(claim_id)
    row = AssignmentRow(
        claim_id=claim_id,
        round=waiting.round,
        assigned_to=to,
        assigned_by=assigned_by,
        assigned_at=now,
        expires_at=now + ASSIGNED_FOR,
    )
    assignments.assign(tx, row)
    leases.give_back(tx, claim_id)
    if note is not None:
        write_note(tx, claim_id, note, written_by=assigned_by, personal_data=personal_data, now=now)
    details = {"to": to, "before": None if before is None else before.assigned_to}
    audit.record(tx, actor=assigned_by, action="claim.assigned", subject=claim_id, details=details, now=now)
    return row


def _decided_before(tx: Tx, claim_id: ClaimId, reviewer: str) -> bool:
    try:
        require_another_person(tx, claim_id, decisions.of_claim(tx, claim_id), reviewer)
    except AnotherPersonDecides:
        return True
    return False
