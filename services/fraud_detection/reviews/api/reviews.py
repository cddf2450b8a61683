"""Reviews over HTTP: the queue of claims that wait for a person, a case with its whole trace, the decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.fraud_detection.claims.domain import errors
from services.fraud_detection.claims.store import claims as claims_store
from services.fraud_detection.decisions.domain.decision_policy import Why
from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.decisions.store.reviews import ReviewKind
from services.fraud_detection.filing.api.claims import Reference
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.domain.told_transfers import MOST
from services.fraud_detection.reviews.api.views.review import (
    CaseView,
    DecisionReply,
    ReviewItem,
    case,
    decision_reply,
    items,
)
from services.fraud_detection.reviews.domain.care import CareFlag
from services.fraud_detection.reviews.domain.errors import (
    PAYS_NOBODY,
    SOMEBODY_ELSES,
    AnotherPersonDecides,
    CoverRuleStands,
    DeductibleUsedUp,
    LimitUsedUp,
    NoOpenReview,
    ProposalWaits,
    SeniorDecides,
    TransferNotHeld,
)
from services.fraud_detection.reviews.domain.verdicts import OfTransfer, Verdict
from services.fraud_detection.reviews.store import authorities, queue
from services.fraud_detection.reviews.store.queue import Filter
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.name_event import name_event
from services.fraud_detection.reviews.usecases.tell_transfers_apart import tell_apart
from services.fraud_detection.reviews.usecases.undo_decision import Acted, act
from shared.messaging.failures import Unready
from shared.values.clear_text import TextKind
from shared.values.ids import ClaimId
from shared.values.shapes import reshape
from shared.web import paging
from shared.web.models import AmountFen, Identifier, RequestModel, StaffText, TermsSlug
from shared.web.resource import Call, Callers, Reply, Resource


def actor(call: Call[Deps]) -> Actor:
    """Who decides."""
    return Actor(reviewer=call.caller.subject, senior=SENIOR in call.caller.scopes, lowest=call.deps.lowest_authority)


def acted_reply(acted: Acted[DecisionReply]) -> Reply[DecisionReply]:
    """201 where it took effect, 202 where it waits: for its time, or for a second person."""
    waits = acted.undo_until is not None or acted.shown.outcome == "approval_proposed"
    body = DecisionReply.of(acted.shown, undo_until=acted.undo_until)
    return Reply(body, status=202 if waits else 201, version=acted.version)


reviews = Resource("reviews", "Claims that wait for a person")

SENIOR: Final = "reviews:senior"
"""Decides last appeals, and what others handed on; among those who have it is always one who has not decided before."""
Clause = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Line = Annotated[int, Field(ge=0, lt=1000, description="A transfer's place in the claim, as the case lists it.")]


class ReviewQuery(paging.PageQuery):
    state: Literal["open", "closed"] = "open"
    kind: ReviewKind | None = None
    why: Why | None = None
    """Why the machine brought it before a person."""
    liability: TermsSlug | None = None
    care: CareFlag | None = None
    """Why care is to be taken of the insured."""
    older_than_days: Annotated[int | None, Field(ge=0, le=3_650)] = None
    """Those that wait longer."""
    amount_from_fen: AmountFen | None = None
    amount_to_fen: AmountFen | None = None
    mine: bool = False
    """Those that you hold, or that were assigned to you."""
    to_confirm: bool = False
    """Those with an approval that another person proposed and you may confirm."""


class ReviewPath(RequestModel):
    claim_id: Identifier


class NamedEvent(RequestModel):
    """What you call the event that the claim is a loss of."""

    event_reference: Reference


class TransferPath(ReviewPath):
    line: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$"), TextKind.OURS]


class ToldApart(RequestModel):
    """Why the transfer is another one than the one that it looks like; kept sealed."""

    reason: StaffText


class ExclusionFound(RequestModel):
    """An exclusion of the terms that you found to hold, and what you found; the resident will read it."""

    exclusion: TermsSlug
    """Its code, as the case lists it."""
    found_zh: StaffText
    found_en: StaffText


class TransferDecision(RequestModel):
    """What you decide on one transfer. One that is not accepted has what a refusal has; the resident will read it."""

    line: Line
    accepted: bool
    open: bool = False
    """It stays open, with `accepted` false and reasons in both languages: it is split off into a claim of its own, and
    what is accepted is paid first."""
    clause: Clause | None = None
    """As of a refusal; or `transfer_not_proven`, `transfer_not_of_this_loss`."""
    finding: ExclusionFound | None = None
    reasons_zh: StaffText | None = None
    reasons_en: StaffText | None = None


class ReviewDecision(RequestModel):
    """What you decide. A refusal stands on a rule that stands against the claim, or on an exclusion that you found, and
    has reasons in both languages, which the resident will read.
    """

    outcome: Literal["approve", "refuse"]
    clause: Clause | None = Field(
        default=None, description="The code or clause of a rule that stands against the claim, as the case lists it."
    )
    finding: ExclusionFound | None = None
    reasons_zh: StaffText | None = None
    reasons_en: StaffText | None = None
    transfers: Annotated[list[TransferDecision], Field(min_length=1, max_length=MOST)] | None = None
    """Of an approval: each transfer that the claim tells, once. All are accepted where it is left out."""


@reviews.get("/v1/reviews", scope="reviews:read", callers=Callers.STAFF, reply=paging.Page[ReviewItem])
def list_reviews(call: Call[Deps], query: ReviewQuery) -> Reply[paging.Page[ReviewItem]]:
    """The queue, longest waiting first."""
    days = query.older_than_days
    asked = reshape(
        query,
        Filter,
        still_open=query.state == "open",
        waiting_before=None if days is None else call.now - timedelta(days=days),
        whose=call.caller.subject if query.mine else None,
        confirmer=call.caller.subject if query.to_confirm else None,
        authority=authorities.of_person(call.tx, call.caller.subject, call.deps.lowest_authority),
        now=call.now,
    )
    found = queue.page(call.tx, asked, after=query.after(datetime, UUID), limit=query.limit + 1)
    shown, cursor = paging.page(found, query.limit, lambda last: (last.waiting_since, last.claim_id))
    return Reply(paging.Page[ReviewItem](items=items(call.tx, shown, now=call.now), next_cursor=cursor))


@reviews.get(
    "/v1/reviews/<claim_id>",
    scope="reviews:read",
    callers=Callers.STAFF,
    reply=CaseView,
    problems=(errors.UnknownClaim,),
)
def show_review(call: Call[Deps], path: ReviewPath) -> Reply[CaseView]:
    """One claim with its whole trace. The ETag is what a decision names in If-Match."""
    claim = claims_store.find(call.tx, ClaimId(path.claim_id))
    if claim is None:
        raise errors.UnknownClaim(path.claim_id)
    return Reply(case(call.tx, claim, call.deps.personal_data, now=call.now), version=claim.version)


@reviews.put(
    "/v1/reviews/<claim_id>/event",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=CaseView,
    matches=True,
    problems=(errors.UnknownClaim, errors.PolicyErased),
)
def put_event(call: Call[Deps], path: ReviewPath, body: NamedEvent) -> Reply[CaseView]:
    """Say which event the claim is a loss of. Claims that are named alike share the event's limits; two that you named
    otherwise are neither duplicates nor of one event.
    """
    name_event(
        call.tx,
        ClaimId(path.claim_id),
        body.event_reference,
        reviewer=call.caller.subject,
        require_match=call.require_match,
        now=call.now,
    )
    return show_review(call, path)


@reviews.put(
    "/v1/reviews/<claim_id>/transfers/<line>/different",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=CaseView,
    matches=True,
    problems=(errors.UnknownClaim, errors.PolicyErased, TransferNotHeld),
)
def put_different(call: Call[Deps], path: TransferPath, body: ToldApart) -> Reply[CaseView]:
    """Say that a transfer which another claim has is another one. It gets a place of its own, and the rule
    `duplicate_loss` fails for it no more.
    """
    tell_apart(
        call.tx,
        ClaimId(path.claim_id),
        int(path.line),
        body.reason,
        reviewer=call.caller.subject,
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return show_review(call, path)


@reviews.post(
    "/v1/reviews/<claim_id>/decisions",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=DecisionReply,
    also=(202,),
    about="claim_id",
    matches=True,
    problems=(
        errors.UnknownClaim,
        NoOpenReview,
        AnotherPersonDecides,
        *SOMEBODY_ELSES,
        SeniorDecides,
        ProposalWaits,
        CoverRuleStands,
        DeductibleUsedUp,
        *PAYS_NOBODY,
        LimitUsedUp,
        TransferPaid,
        Unready,
    ),
)
def decide(call: Call[Deps], path: ReviewPath, body: ReviewDecision) -> Reply[DecisionReply]:
    """Approve or refuse. An approval is held against the cover rules and the limit once more. So is a refusal of the
    loss as too small: such a loss counts for the deductible of the year and of its event. With 202 it takes effect at
    `undo_until`; before, you may take it back and nobody is told of it.

    An approval above your authority, or of a transfer that was told apart from one of the same reference, is a
    proposal (202, `approval_proposed`, with the id that its decision will have): nothing is paid or told until another
    person has confirmed it.
    """
    acted = act(
        call.tx,
        ClaimId(path.claim_id),
        reshape(body, Verdict, transfers=tuple(reshape(each, OfTransfer) for each in body.transfers or ())),
        by=actor(call),
        undo_for=call.deps.undo_for,
        show=lambda row: decision_reply(call.tx, row, call.deps.personal_data),
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return acted_reply(acted)
