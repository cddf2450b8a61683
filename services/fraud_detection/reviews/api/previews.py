"""What an approval would pay, over HTTP, before it is made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.domain.told_transfers import MOST
from services.fraud_detection.reviews.api.reviews import Line, ReviewPath
from services.fraud_detection.reviews.domain.errors import NoOpenReview
from services.fraud_detection.reviews.usecases.preview_approval import Preview, preview_approval
from shared.messaging.failures import Unready
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

previews = Resource("previews", "What an approval would pay")


class PreviewRequest(RequestModel):
    """Which of the claim's transfers you would not accept; none, and the whole claim is previewed."""

    refused: Annotated[list[Line], Field(max_length=MOST, default_factory=list)]
    open: Annotated[list[Line], Field(max_length=MOST, default_factory=list)]
    """Which you would leave open, for the claim that is split off."""


class PreviewedTransfer(ReplyModel):
    line: int
    amount_fen: int
    refunded_fen: int
    accepted: bool
    open: bool


class PreviewView(ReplyModel):
    """By the rules and limits of this moment: (`loss_fen` - `refused_fen` - `open_fen` - deductibles) x `pay_percent` x
    share, and at most `unpaid_fen` and what is left of both limits.
    """

    claim_id: str
    transfers: list[PreviewedTransfer]
    loss_fen: int
    """What the policy bears its part of, of the whole claim: what is still lost; where other insurers bear theirs, what
    did not come back."""
    refused_fen: int
    """What of it would not be accepted."""
    open_fen: int
    """What of it would stay open, in the claim that is split off."""
    unpaid_fen: int
    """What nobody has paid of the rest: no more is paid."""
    event_deductible_fen: int
    deductible_fen: int
    """As `event_deductible_fen` before the share: of the year's deductible the claim would bear its share of this."""
    pay_percent: int
    share_part: int
    """As `share_whole`: of policies that share the loss, this one's part."""
    share_whole: int
    insured_elsewhere_fen: int
    """What of it other insurers insure."""
    event_left_fen: int
    """What is left of the event's limit before, ..."""
    annual_left_fen: int
    """... and of the year's."""
    amount_fen: int
    """What would be paid."""
    remains_fen: int
    """What would be left of the year's limit."""
    standing: list[str]
    """Rules that no person may waive: as long as there are any, nothing is approved."""
    within_authority: bool
    """Whether your authority in money covers it. It is yours to approve alone if `same_reference` is empty too."""
    same_reference: list[int]
    """Lines that somebody said to be other transfers than those of the same reference at another claim: their approval
    takes a second person, whatever your authority."""

    @classmethod
    def told(cls, claim_id: str, preview: Preview, refused: frozenset[int], still_open: frozenset[int]) -> PreviewView:
        transfers = [
            PreviewedTransfer.of(each, accepted=each.line not in refused | still_open, open=each.line in still_open)
            for each in preview.transfers
        ]
        return cls.of(preview, claim_id=claim_id, transfers=transfers)


@previews.post(
    "/v1/reviews/<claim_id>/previews",
    scope="reviews:read",
    callers=Callers.STAFF,
    reply=PreviewView,
    creates=False,
    problems=(UnknownClaim, NoOpenReview, Unready),
)
def preview(call: Call[Deps], path: ReviewPath, body: PreviewRequest) -> Reply[PreviewView]:
    """What an approval without these transfers would pay now. Nothing is decided or held."""
    refused, still_open = frozenset(body.refused), frozenset(body.open)
    found = preview_approval(
        call.tx,
        ClaimId(path.claim_id),
        refused,
        still_open,
        reviewer=call.caller.subject,
        lowest=call.deps.lowest_authority,
    )
    return Reply(PreviewView.told(path.claim_id, found, refused, still_open))
