"""Taking a decision back over HTTP, and how one that may be taken back is shown."""

from __future__ import annotations

from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import ReviewPath
from services.fraud_detection.reviews.api.views.work import LeaseView
from services.fraud_detection.reviews.domain.errors import NothingToUndo
from services.fraud_detection.reviews.usecases.undo_decision import undo
from shared.values.ids import ClaimId
from shared.web.resource import Call, Callers, Reply, Resource

undoing = Resource("undoing", "Taking a decision back before anybody is told of it")


@undoing.delete(
    "/v1/reviews/<claim_id>/undoable-decision",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=LeaseView,
    problems=(NothingToUndo,),
)
def undo_decision(call: Call[Deps], path: ReviewPath) -> Reply[LeaseView]:
    """Take back what you decided, until `undo_until`: nobody was told of it, and the case is yours again."""
    return Reply(LeaseView.of(undo(call.tx, ClaimId(path.claim_id), call.caller.subject, now=call.now)))
