"""A claim's trace over HTTP."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import ReviewPath
from services.fraud_detection.reviews.usecases.trace_claim import trace_claim
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel
from shared.web.resource import Call, Callers, Reply, Resource

trace = Resource("traces", "All that happened to a claim, in one line of time")


class HappenedView(ReplyModel):
    """One thing that happened."""

    at: datetime
    source: str
    """Who told it: a topic, `claims` (this service) or `claimant`."""
    what: str
    """A stable code, e.g. `decided:approved`."""
    by: str | None
    """A person or a channel by name, or what did it."""
    details: dict[str, str | int | float | None]


class TraceView(ReplyModel):
    """Everything that happened to one claim, oldest first. Persons, phones and accounts are tokens."""

    claim_id: str
    state: str
    happened: list[HappenedView]


@trace.get(
    "/v1/claims/<claim_id>/trace",
    scope="reviews:read",
    callers=Callers.STAFF,
    reply=TraceView,
    problems=(UnknownClaim,),
)
def show_trace(call: Call[Deps], path: ReviewPath) -> Reply[TraceView]:
    """Enrollment, loss, transfers, police, rules, features, score, people and payouts in one line of time."""
    claim = claims.find(call.tx, ClaimId(path.claim_id))
    if claim is None:
        raise UnknownClaim(path.claim_id)
    return Reply(TraceView.of(claim, happened=trace_claim(call.tx, claim)), version=claim.version)
