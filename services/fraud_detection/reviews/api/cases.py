"""Work on cases over HTTP: take the next one, keep it, give it back; notes; hand a case to a senior person."""

from __future__ import annotations

from services.fraud_detection.claims.domain import errors
from services.fraud_detection.claims.store import claims
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import SENIOR, ReviewPath
from services.fraud_detection.reviews.api.views.review import CaseView, case
from services.fraud_detection.reviews.api.views.work import (
    EscalationView,
    LeaseView,
    NoteView,
    escalation_view,
    note_view,
)
from services.fraud_detection.reviews.domain.errors import (
    SOMEBODY_ELSES,
    AnotherPersonDecides,
    EscalatedBefore,
    NoOpenReview,
    NotEscalated,
    NothingWaits,
    SeniorDecides,
)
from services.fraud_detection.reviews.usecases import hold_case
from services.fraud_detection.reviews.usecases.note_case import escalate, take_escalation_back, write_note
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel, RequestModel, StaffText
from shared.web.resource import Call, Callers, Reply, Resource

cases = Resource("cases", "Who works on which case, and what staff note on it")


class PointsView(ReplyModel):
    """What its place in the queue is made of; the sum decides."""

    money: float
    waiting: float
    clock: float
    honesty: float
    vulnerability: float
    total: float


class NextCase(ReplyModel):
    """The case that you work on next. Its ETag is what your decision names in If-Match."""

    claim_id: str
    lease: LeaseView
    points: PointsView
    case: CaseView


class Note(RequestModel):
    """What colleagues should know; the resident does not see it."""

    note: StaffText


class Escalation(RequestModel):
    """Why a senior person is to decide."""

    reason: StaffText


@cases.post(
    "/v1/reviews/next",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=NextCase,
    about="claim_id",
    problems=(NothingWaits,),
)
def next_case(call: Call[Deps]) -> Reply[NextCase]:
    """Take the case that comes first. For half an hour from your last act on it nobody else takes or decides it."""
    lease, points = hold_case.take_next(
        call.tx, call.caller.subject, senior=_senior(call), lowest=call.deps.lowest_authority, now=call.now
    )
    claim = claims.find(call.tx, lease.claim_id)
    if claim is None:
        raise errors.UnknownClaim(lease.claim_id)
    body = NextCase(
        claim_id=lease.claim_id,
        lease=LeaseView.of(lease),
        points=PointsView.of(points),
        case=case(call.tx, claim, call.deps.personal_data, now=call.now),
    )
    return Reply(body, version=claim.version)


@cases.put(
    "/v1/reviews/<claim_id>/lease",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=LeaseView,
    problems=(
        errors.UnknownClaim,
        NoOpenReview,
        AnotherPersonDecides,
        *SOMEBODY_ELSES,
        SeniorDecides,
    ),
)
def take_case(call: Call[Deps], path: ReviewPath) -> Reply[LeaseView]:
    """Take this case, or keep it for another half hour."""
    lease = hold_case.take(call.tx, ClaimId(path.claim_id), call.caller.subject, senior=_senior(call), now=call.now)
    return Reply(LeaseView.of(lease))


@cases.delete(
    "/v1/reviews/<claim_id>/lease",
    scope="reviews:write",
    callers=Callers.STAFF,
    status=204,
    problems=SOMEBODY_ELSES,
)
def give_case_back(call: Call[Deps], path: ReviewPath) -> Reply[ReplyModel]:
    """Let others take it. Who holds `reviews:senior` may give back another's case."""
    hold_case.give_back(call.tx, ClaimId(path.claim_id), call.caller.subject, senior=_senior(call), now=call.now)
    return Reply(None)


@cases.post(
    "/v1/reviews/<claim_id>/notes",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=NoteView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.PolicyErased),
)
def add_note(call: Call[Deps], path: ReviewPath, body: Note) -> Reply[NoteView]:
    """Write a note on the case; it stands in the case for all who review it."""
    row = write_note(
        call.tx,
        ClaimId(path.claim_id),
        body.note,
        written_by=call.caller.subject,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(note_view(call.tx, row, call.deps.personal_data))


@cases.post(
    "/v1/reviews/<claim_id>/escalations",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=EscalationView,
    about="claim_id",
    problems=(errors.UnknownClaim, NoOpenReview, *SOMEBODY_ELSES, EscalatedBefore),
)
def hand_on(call: Call[Deps], path: ReviewPath, body: Escalation) -> Reply[EscalationView]:
    """Hand the case to a senior person: whoever holds `reviews:senior` gets it next, and nobody else decides it."""
    row = escalate(
        call.tx,
        ClaimId(path.claim_id),
        body.reason,
        escalated_by=call.caller.subject,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(escalation_view(call.tx, row, call.deps.personal_data))


@cases.delete(
    "/v1/reviews/<claim_id>/escalation",
    scope=SENIOR,
    callers=Callers.STAFF,
    status=204,
    problems=(errors.UnknownClaim, NotEscalated),
)
def take_back_escalation(call: Call[Deps], path: ReviewPath) -> Reply[ReplyModel]:
    """Take back that the case was handed to a senior person: any reviewer may decide it again."""
    take_escalation_back(call.tx, ClaimId(path.claim_id), reviewer=call.caller.subject, now=call.now)
    return Reply(None)


def _senior(call: Call[Deps]) -> bool:
    return SENIOR in call.caller.scopes
