"""Cases by name over HTTP: a senior person hands one to a reviewer."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from services.fraud_detection.claims.domain import errors
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import SENIOR, ReviewPath
from services.fraud_detection.reviews.api.views.work import AssignmentView
from services.fraud_detection.reviews.domain.errors import DecisionWaits, NoOpenReview
from services.fraud_detection.reviews.usecases.assign_case import assign
from shared.values.clear_text import TextKind
from shared.values.ids import ClaimId
from shared.web.models import RequestModel, StaffText
from shared.web.resource import Call, Callers, Reply, Resource

assignments = Resource("assignments", "Cases that are handed to a reviewer by name")


class Assignment(RequestModel):
    """Who is to decide the case."""

    reviewer: Annotated[str, StringConstraints(min_length=1, max_length=200), TextKind.NAME]
    """The subject of the person's token. Whoever took or decided a case once is known."""
    note: StaffText | None = None
    """What they should know; it stands among the case's notes."""


@assignments.put(
    "/v1/reviews/<claim_id>/assignment",
    scope=SENIOR,
    callers=Callers.STAFF,
    reply=AssignmentView,
    problems=(errors.UnknownClaim, errors.PolicyErased, NoOpenReview, DecisionWaits),
)
def assign_case(call: Call[Deps], path: ReviewPath, body: Assignment) -> Reply[AssignmentView]:
    """Hand the case to a reviewer by name, whoever works on it. For three days nobody else is given it or decides it,
    unless it is given back or handed to somebody else.
    """
    row = assign(
        call.tx,
        ClaimId(path.claim_id),
        body.reviewer,
        body.note,
        assigned_by=call.caller.subject,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(AssignmentView.of(row))
