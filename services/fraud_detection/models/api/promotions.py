"""Promotions over HTTP: proposed by one person, confirmed by another, and the history of who put what to work."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.domain import errors
from services.fraud_detection.models.domain.gates import ApprovalThresholds, GateName
from services.fraud_detection.models.scoring.signature import ArtifactRefused
from services.fraud_detection.models.store import models as model_store
from services.fraud_detection.models.store import promotions as store
from services.fraud_detection.models.store.promotions import PromotionProposal, What
from services.fraud_detection.models.usecases.end_proposal import confirm, reject
from services.fraud_detection.models.usecases.propose_promotion import Wish, look_at, propose
from services.fraud_detection.models.usecases.roll_back_model import roll_back_model
from shared.values.clear_text import TextKind
from shared.values.ids import ModelId
from shared.values.money import Fen
from shared.web import paging
from shared.web.models import AmountFen, Identifier, ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

promotions = Resource("promotions", "Which model decides, who proposed and who confirmed it")

WarningName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,79}$"), TextKind.OURS]


class PromotionRequest(RequestModel):
    """ApprovalThresholds under which a model is to work."""

    approve_below: Annotated[float, Field(ge=0, le=1)]
    """Claims that fail no rule and score below this are approved without a person."""
    auto_approve_limit_fen: AmountFen
    """Where more would be paid, a person decides, whatever the score."""
    auto_approve_loss_limit_fen: AmountFen | None = None
    """The same where more was claimed, however little of it would be paid; ten times the limit above, if left out."""
    acknowledged_warnings: Annotated[list[WarningName], Field(max_length=100, default_factory=list)]
    """The names of the warnings of the model's data that you have read."""
    reason: ShortText


class ReasonRequest(RequestModel):
    reason: ShortText


class PromotionView(ReplyModel):
    """What is at work now."""

    model_id: Identifier
    approve_below: float
    auto_approve_limit_fen: int
    auto_approve_loss_limit_fen: int
    reason: str
    proposed_by: str | None
    """Null for a promotion of before these took two people."""
    promoted_by: str
    """Who confirmed it."""
    promoted_at: AwareDatetime


class GateView(ReplyModel):
    name: GateName
    passed: bool
    told: str
    """The figure and its bound, as a sentence."""


class PromotionProposalView(ReplyModel):
    """A promotion that was proposed. While it is `open`, another person confirms or rejects it."""

    proposal_id: Identifier
    model_id: Identifier
    state: Literal["open", "gates_failed", "confirmed", "rejected", "expired"]
    """`gates_failed` has ended: mend what the gate says, or train another model, and propose again."""
    gates: list[GateView]
    approve_below: float
    auto_approve_limit_fen: int
    auto_approve_loss_limit_fen: int
    acknowledged: list[str]
    reason: str
    proposed_by: str
    proposed_at: AwareDatetime
    expires_at: AwareDatetime
    ended_by: str | None
    ended_at: AwareDatetime | None
    note: str | None


class PromotionHistoryView(ReplyModel):
    """One step of one person."""

    number: int
    what: What
    model_id: Identifier
    model_before: Identifier | None
    """The champion until then."""
    proposal_id: Identifier | None
    approve_below: float
    auto_approve_limit_fen: int
    auto_approve_loss_limit_fen: int
    person: str
    reason: str
    at: AwareDatetime


class PromotedPath(RequestModel):
    model_id: Identifier


class ProposalPath(RequestModel):
    proposal_id: Identifier


@promotions.post(
    "/v1/models/<model_id>/promotion",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionProposalView,
    problems=(errors.UnknownModel, errors.ModelNotReady),
    matches=True,
)
def propose_promotion(
    call: Call[ModelDeps], path: PromotedPath, body: PromotionRequest
) -> Reply[PromotionProposalView]:
    """Propose to put a model to work. Every gate is asked, and its figure kept; another person confirms."""
    seen = look_at(call.tx, ModelId(path.model_id))
    call.require_match(seen.model.version)
    limit, of_loss = body.auto_approve_limit_fen, body.auto_approve_loss_limit_fen
    thresholds = ApprovalThresholds(body.approve_below, Fen(limit), Fen(10 * limit if of_loss is None else of_loss))
    wish = Wish(thresholds, body.acknowledged_warnings, body.reason)
    by = call.caller.subject
    proposal_id = propose(call.tx, seen, wish, signer=call.deps.signer, proposed_by=by, now=call.now)
    return Reply(_shown(call, proposal_id), headers={"Location": f"/v1/models/proposals/{proposal_id}"})


@promotions.get(
    "/v1/models/proposals", scope="models:read", callers=Callers.STAFF, reply=paging.Page[PromotionProposalView]
)
def list_proposals(call: Call[ModelDeps], query: paging.PageQuery) -> Reply[paging.Page[PromotionProposalView]]:
    """All proposals, newest first, with their gates."""
    found = store.proposals(call.tx, before=query.after(UUID), limit=query.limit + 1)
    page = paging.Page[PromotionProposalView]
    return Reply(page.cut(found, query, lambda each: _view(call, each), lambda last: (last.proposal_id,)))


@promotions.get(
    "/v1/models/proposals/<proposal_id>",
    scope="models:read",
    callers=Callers.STAFF,
    reply=PromotionProposalView,
    problems=(errors.UnknownPromotionProposal,),
)
def show_proposal(call: Call[ModelDeps], path: ProposalPath) -> Reply[PromotionProposalView]:
    """A proposal with what each gate said of it."""
    return Reply(_shown(call, path.proposal_id))


@promotions.post(
    "/v1/models/proposals/<proposal_id>/confirmation",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionView,
    problems=(
        errors.UnknownPromotionProposal,
        errors.AnotherPersonPromotes,
        errors.GateNotPassed,
        errors.PromotionProposalEnded,
        errors.PromotionProposalOutdated,
        errors.MadeWithAnotherVersion,
        ArtifactRefused,
    ),
)
def confirm_promotion(call: Call[ModelDeps], path: ProposalPath, body: ReasonRequest) -> Reply[PromotionView]:
    """Put the proposed model to work, as a second person. It scores every claim decided from now on."""
    by = call.caller.subject
    confirm(call.tx, path.proposal_id, note=body.reason, signer=call.deps.signer, confirmed_by=by, now=call.now)
    return _at_work(call)


@promotions.post(
    "/v1/models/proposals/<proposal_id>/rejection",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionProposalView,
    problems=(errors.UnknownPromotionProposal, errors.GateNotPassed, errors.PromotionProposalEnded),
)
def reject_promotion(call: Call[ModelDeps], path: ProposalPath, body: ReasonRequest) -> Reply[PromotionProposalView]:
    """End an open proposal: as a second person, or as the one who made it."""
    reject(call.tx, path.proposal_id, note=body.reason, rejected_by=call.caller.subject, now=call.now)
    return Reply(_shown(call, path.proposal_id))


@promotions.get(
    "/v1/models/promotions", scope="models:read", callers=Callers.STAFF, reply=paging.Page[PromotionHistoryView]
)
def list_promotions(call: Call[ModelDeps], query: paging.PageQuery) -> Reply[paging.Page[PromotionHistoryView]]:
    """Who proposed, confirmed, rejected or rolled back what, when and why, newest first."""
    found = store.history(call.tx, before=query.after(int), limit=query.limit + 1)
    page = paging.Page[PromotionHistoryView]
    return Reply(page.cut(found, query, PromotionHistoryView.of, lambda last: (last.number,)))


@promotions.post(
    "/v1/models/rollback",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionView,
    problems=(errors.NothingToRollBackTo, ArtifactRefused, errors.MadeWithAnotherVersion),
)
def roll_back(call: Call[ModelDeps], body: ReasonRequest) -> Reply[PromotionView]:
    """Return to the promotion before the present one, with its thresholds: one person, once for each promotion."""
    by = call.caller.subject
    roll_back_model(call.tx, reason=body.reason, signer=call.deps.signer, rolled_back_by=by, now=call.now)
    return _at_work(call)


def _shown(call: Call[ModelDeps], proposal_id: str) -> PromotionProposalView:
    found = store.proposal(call.tx, proposal_id)
    if found is None:
        raise errors.UnknownPromotionProposal(proposal_id)
    return _view(call, found)


def _view(call: Call[ModelDeps], proposal: PromotionProposal) -> PromotionProposalView:
    state = proposal.ending or ("expired" if proposal.expires_at <= call.now else "open")
    gates = [GateView.of(gate) for gate in store.gates(call.tx, proposal.proposal_id)]
    return PromotionProposalView.of(proposal, state=state, gates=gates)


def _at_work(call: Call[ModelDeps]) -> Reply[PromotionView]:
    promotion = model_store.promotion(call.tx, "champion")
    if promotion is None:
        raise errors.NothingToRollBackTo
    model = model_store.find(call.tx, promotion.model_id)
    return Reply(PromotionView.of(promotion), version=model.version if model else None)
