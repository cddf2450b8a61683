"""What a case shows masked, in clear, over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import ReviewPath
from services.fraud_detection.reviews.domain.errors import NothingToReveal
from services.fraud_detection.reviews.usecases.reveal_field import MaskedField, reveal_field
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

revelations = Resource("revelations", "What a case shows masked, in clear, for a reason that is kept")


class Revelation(RequestModel):
    """One field that you need in clear, and why; both are kept with your name."""

    field: MaskedField
    line: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Of the transfer, or of the police's paper; 0 of who acts for the insured."""
    reason: ShortText


class RevealedView(ReplyModel):
    """The field as it was told."""

    field: MaskedField
    line: int
    value: str


@revelations.post(
    "/v1/reviews/<claim_id>/revelations",
    scope="reviews:write",
    callers=Callers.STAFF,
    status=201,
    creates=False,
    reply=RevealedView,
    problems=(UnknownClaim, NothingToReveal),
)
def reveal(call: Call[Deps], path: ReviewPath, body: Revelation) -> Reply[RevealedView]:
    """One masked field of a case, in clear. That you asked, and why, is kept in the audit trail."""
    value = reveal_field(
        call.tx,
        ClaimId(path.claim_id),
        body.field,
        body.line,
        reason=body.reason,
        asked_by=call.caller.subject,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(RevealedView(field=body.field, line=body.line, value=value))
