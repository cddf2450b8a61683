"""Models over HTTP: ask for one, see how far it is, call it off, read its report."""

from __future__ import annotations

from uuid import UUID

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.api.model_view import ModelView, view
from services.fraud_detection.models.domain import errors
from services.fraud_detection.models.store import data_warnings
from services.fraud_detection.models.store import models as store
from services.fraud_detection.models.store.models import Model
from services.fraud_detection.models.usecases.cancel_model import cancel_model
from services.fraud_detection.models.usecases.request_model import request_model
from shared.values.ids import ModelId
from shared.web import paging
from shared.web.models import Identifier, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

models = Resource("models", "Models that score claims, and which of them is at work")


class ModelRequest(RequestModel):
    """A model to train."""

    dataset_id: Identifier
    """From `POST /v1/past-claims`."""
    note: ShortText
    """Why, for those who read the list later."""


class CancellationRequest(RequestModel):
    reason: ShortText


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
    return Reply(view(model, data_warnings.warnings_of(call.tx, model.model_id)), version=model.version)


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


def _find(call: Call[ModelDeps], model_id: ModelId) -> Model:
    model = store.find(call.tx, model_id)
    if model is None:
        raise errors.UnknownModel(model_id)
    return model
