"""What a reviewer asks of a claimant, over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.fraud_detection.claims.domain.errors import IllegalStep, UnknownClaim
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import ReviewPath, acted_reply, actor
from services.fraud_detection.reviews.api.views.review import DecisionReply, decision_reply
from services.fraud_detection.reviews.domain.errors import (
    SOMEBODY_ELSES,
    AskedBefore,
    NoOpenReview,
    ProposalWaits,
    SeniorDecides,
)
from services.fraud_detection.reviews.usecases.act import Request
from services.fraud_detection.reviews.usecases.undo_decision import act
from shared.messaging.failures import Unready
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId
from shared.web.models import Moment, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

requests = Resource("document requests", "What a reviewer asks of a claimant")


class DocumentRequest(RequestModel):
    """All that is missing, at once: a claimant is asked once."""

    kinds: Annotated[list[EvidenceKind], Field(min_length=1, max_length=10)]
    """Where it is the police's paper alone, the claim waits for the police."""
    due_at: Moment | None = None
    """By when; 30 days if left out, 60 where the police are waited for, and no later."""


@requests.post(
    "/v1/reviews/<claim_id>/requests",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=DecisionReply,
    also=(202,),
    about="claim_id",
    matches=True,
    problems=(
        UnknownClaim,
        IllegalStep,
        NoOpenReview,
        AskedBefore,
        *SOMEBODY_ELSES,
        ProposalWaits,
        SeniorDecides,
        Unready,
    ),
)
def ask(call: Call[Deps], path: ReviewPath, body: DocumentRequest) -> Reply[DecisionReply]:
    """Ask the claimant for documents. What comes goes back to a person; where nothing comes, it lapses, or comes
    back to a person where the police were waited for. With 202 the claimant is asked at `undo_until`; before, you may
    take it back.
    """
    acted = act(
        call.tx,
        ClaimId(path.claim_id),
        Request(kinds=tuple(body.kinds), due_at=body.due_at),
        by=actor(call),
        undo_for=call.deps.undo_for,
        show=lambda row: decision_reply(call.tx, row, call.deps.personal_data),
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return acted_reply(acted)
