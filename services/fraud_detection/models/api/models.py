"""Models over HTTP: ask for one, see how far it is, call it off, read its report, promote it, roll back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.api.model_view import ModelView, view
from services.fraud_detection.models.domain import errors
from services.fraud_detection.models.scoring.signature import ArtifactRefused
from services.fraud_detection.models.store import models as store
from services.fraud_detection.models.store.models import Model
from services.fraud_detection.models.usecases.cancel_model import cancel_model
from services.fraud_detection.models.usecases.promote_model import ScoringPolicy, lock_model, promote
from services.fraud_detection.models.usecases.request_model import request_model
from services.fraud_detection.models.usecases.roll_back_model import roll_back_model
from shared.values.ids import ModelId
from shared.values.money import Fen
from shared.web import paging
from shared.web.models import AmountFen, Identifier, ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

models = Resource("models", "Models that score claims, and which of them is at work")


class ModelRequest(RequestModel):
    """A model to train."""

    dataset_id: Identifier
    """From `POST /v1/past-claims`."""
    note: ShortText
    """Why, for those who read the list later."""


class PromotionRequest(RequestModel):
    """Thresholds under which a model works."""

    approve_below: Annotated[float, Field(ge=0, le=1)]
    """Claims that fail no rule and score below this are approved without a person."""
    auto_approve_limit_fen: AmountFen
    """Where more would be paid, a person decides, whatever the score."""
    auto_approve_loss_limit_fen: AmountFen | None = None
    """The same where more was claimed, however little of it would be paid; ten times the limit above, if left out."""
    reason: ShortText


class RollbackRequest(RequestModel):
    reason: ShortText


class CancellationRequest(RequestModel):
    reason: ShortText


class PromotionView(ReplyModel):
    """What is at work now."""

    model_id: Identifier
    approve_below: float
    auto_approve_limit_fen: int
    auto_approve_loss_limit_fen: int
    reason: str
    promoted_by: str
    promoted_at: AwareDatetime


class ModelPath(RequestModel):
    model_id: Identifier


@models.post(
    "/v1/models",
    scope="models:write",
    callers=Callers.STAFF,
    status=202,
    reply=ModelView,
    problems=(errors.UnknownDataset,),
)
def request(call: Call[ModelDeps], body: ModelRequest) -> Reply[ModelView]:
    """Train a model on a dataset. It is queued; ask for it again until it is ready, failed or canceled."""
    model_id = request_model(call.tx, body.dataset_id, body.note, requested_by=call.caller.subject, now=call.now)
    model = _find(call, model_id)
    return Reply(view(model), headers={"Location": f"/v1/models/{model_id}"}, version=model.version)


@models.get("/v1/models", scope="models:read", callers=Callers.STAFF, reply=paging.Page[ModelView])
def list_models(call: Call[ModelDeps], query: paging.PageQuery) -> Reply[paging.Page[ModelView]]:
    """All models, newest first, without their reports."""
    found = store.newest(call.tx, before=query.after(UUID), limit=query.limit + 1)
    return Reply(paging.Page[ModelView].cut(found, query, view, lambda last: (last.model_id,)))


@models.get(
    "/v1/models/<model_id>",
    scope="models:read",
    callers=Callers.STAFF,
    reply=ModelView,
    problems=(errors.UnknownModel,),
)
def show_model(call: Call[ModelDeps], path: ModelPath) -> Reply[ModelView]:
    """A model with its report. Its ETag is what a promotion must match."""
    model = _find(call, ModelId(path.model_id))
    return Reply(view(model), version=model.version)


@models.post(
    "/v1/models/<model_id>/cancellation",
    scope="models:write",
    callers=Callers.STAFF,
    reply=ModelView,
    problems=(errors.UnknownModel, errors.ModelIsOver),
)
def cancel(call: Call[ModelDeps], path: ModelPath, body: CancellationRequest) -> Reply[ModelView]:
    """Call off a model that is queued or in training. Whoever trains it stops within seconds."""
    model_id = ModelId(path.model_id)
    cancel_model(call.tx, model_id, reason=body.reason, canceled_by=call.caller.subject, now=call.now)
    model = _find(call, model_id)
    return Reply(view(model), version=model.version)


@models.post(
    "/v1/models/<model_id>/promotion",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionView,
    problems=(errors.UnknownModel, errors.ModelNotReady, ArtifactRefused, errors.MadeWithAnotherVersion),
    matches=True,
)
def promote_model(call: Call[ModelDeps], path: ModelPath, body: PromotionRequest) -> Reply[PromotionView]:
    """Put a model to work. Every claim decided from now on is scored by it; no process restarts."""
    model = lock_model(call.tx, ModelId(path.model_id))
    call.require_match(model.version)
    limit, of_loss = body.auto_approve_limit_fen, body.auto_approve_loss_limit_fen
    policy = ScoringPolicy(body.approve_below, Fen(limit), Fen(10 * limit if of_loss is None else of_loss), body.reason)
    promote(call.tx, model, policy, signer=call.deps.signer, promoted_by=call.caller.subject, now=call.now)
    return _at_work(call)


@models.post(
    "/v1/models/rollback",
    scope="models:promote",
    callers=Callers.STAFF,
    reply=PromotionView,
    problems=(errors.NothingToRollBackTo, ArtifactRefused, errors.MadeWithAnotherVersion),
)
def roll_back(call: Call[ModelDeps], body: RollbackRequest) -> Reply[PromotionView]:
    """Return to the promotion before the present one, with its thresholds. Once for each promotion."""
    by = call.caller.subject
    roll_back_model(call.tx, reason=body.reason, signer=call.deps.signer, rolled_back_by=by, now=call.now)
    return _at_work(call)


def _find(call: Call[ModelDeps], model_id: ModelId) -> Model:
    model = store.find(call.tx, model_id)
    if model is None:
        raise errors.UnknownModel(model_id)
    return model


def _at_work(call: Call[ModelDeps]) -> Reply[PromotionView]:
    promotion = store.promotion(call.tx, "champion")
    if promotion is None:
        raise errors.NothingToRollBackTo
    return Reply(PromotionView.of(promotion), version=_find(call, promotion.model_id).version)
