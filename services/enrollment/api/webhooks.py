"""Webhook endpoints over HTTP: where a partner wants to be told of what, and what became of each message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.enrollment.api.deps import Deps
from services.enrollment.domain import errors
from services.enrollment.domain.webhook_facts import FactType
from services.enrollment.domain.webhooks import DeliveryState, DisabledReason, EndpointState, Secret
from services.enrollment.store import webhook_deliveries as deliveries
from services.enrollment.store import webhook_endpoints as endpoints
from services.enrollment.store.webhook_deliveries import Attempt, Delivery
from services.enrollment.store.webhook_endpoints import Endpoint
from services.enrollment.usecases.contracts import contract_of
from services.enrollment.usecases.webhooks.endpoints import (
    add_endpoint,
    enable_endpoint,
    endpoint_of,
    remove_endpoint,
    replay_delivery,
    rotate_secret,
)
from shared.web import paging
from shared.web.models import Identifier, ReplyModel, RequestModel
from shared.web.resource import Call, Reply, Resource

webhooks = Resource("webhooks", "Your own servers, told what happened")

_NOTICES: dict[DisabledReason, str] = {
    "gone": "Your server answered 410 Gone, so nothing is sent there any more.",
    "only_failures": "For three days there was nothing but failures, so nothing is sent there any more.",
}
_TO_DO = " Mend it, try it by POST …/test, and enable it by POST …/enabling: what waited is sent then."


class NewEndpoint(RequestModel):
    """Where you want to be told, and of what."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    """`https://…`, without a password; it gets a POST for each message."""
    types: Annotated[list[FactType], Field(min_length=1, max_length=20)]


class RotationRequest(RequestModel):
    """How long the secret before signs as well; it begins with the reply."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24
    """0 where the secret is known to others: messages are signed with the new one alone from now on."""


class EndpointView(ReplyModel):
    """One of your endpoints."""

    endpoint_id: str
    url: str
    types: list[str]
    state: EndpointState
    notice: str | None
    """Why it is disabled and what to do; null where it is not."""
    disabled_reason: DisabledReason | None
    disabled_at: datetime | None
    failures: int
    """Attempts that failed in a row, whatever the message."""
    failing_since: datetime | None
    secret_overlap_until: datetime | None
    """Until when messages carry a second signature, by the secret before."""
    created_at: datetime


class EndpointWithSecret(EndpointView):
    """An endpoint, with the secret that signs its messages. It is shown in this reply alone."""

    secret: str | None
    """`whsec_…`; null where the request was done before and the reply is a repeat: rotate the secret if it was lost."""


class AttemptView(ReplyModel):
    """One attempt to send a message."""

    number: int
    began_at: datetime
    milliseconds: int
    status: int | None
    """What your server answered; null where it did not."""
    failure: str | None
    """A stable code; null where the message was taken (200 to 299)."""


class DeliveryView(ReplyModel):
    """One message to one endpoint."""

    delivery_id: str
    webhook_id: str
    """As in the header `webhook-id`: the same in each attempt, and at each of your endpoints."""
    endpoint_id: str
    type: str
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    settled_at: datetime | None
    attempts: list[AttemptView]


class TrialView(ReplyModel):
    """What came of a test message."""

    delivery_id: str
    webhook_id: str
    delivered: bool
    attempt: AttemptView


class EndpointPath(RequestModel):
    endpoint_id: Identifier


class DeliveryPath(RequestModel):
    delivery_id: Identifier


class DeliveryQuery(paging.PageQuery):
    state: DeliveryState | None = None


@webhooks.post(
    "/v1/webhook-endpoints",
    scope="webhooks:write",
    reply=EndpointWithSecret,
    problems=(errors.NoContract, errors.TooManyEndpoints),
)
def create_endpoint(call: Call[Deps], body: NewEndpoint) -> Reply[EndpointWithSecret]:
    """Be told at this URL from now on. The reply shows the secret that signs, once."""
    endpoint, secret = add_endpoint(
        call.tx,
        body.url,
        body.types,
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        courier=call.deps.trials.courier,
        sealer=call.deps.vault.sealer,
        now=call.now,
    )
    return Reply(
        _with_secret(endpoint, secret),
        kept=_with_secret(endpoint, None),
        headers={"Location": f"/v1/webhook-endpoints/{endpoint.endpoint_id}"},
    )


@webhooks.get(
    "/v1/webhook-endpoints",
    scope="webhooks:read",
    reply=paging.Page[EndpointView],
    problems=(errors.NoContract,),
)
def list_endpoints(call: Call[Deps], query: paging.PageQuery) -> Reply[paging.Page[EndpointView]]:
    """Your endpoints, the oldest first."""
    contract = contract_of(call.tx, call.caller.tenant)
    after = paging.decode(query.cursor, UUID)
    found = endpoints.page(
        call.tx,
        partner_no=contract.partner_no,
        after=None if after is None else after[0],
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    cursor = paging.encode(shown[-1].endpoint_id) if len(found) > query.limit else None
    return Reply(paging.Page[EndpointView](items=[_view(each) for each in shown], next_cursor=cursor))


@webhooks.get(
    "/v1/webhook-endpoints/<endpoint_id>",
    scope="webhooks:read",
    reply=EndpointView,
    problems=(errors.NoContract, errors.UnknownEndpoint),
)
def show_endpoint(call: Call[Deps], path: EndpointPath) -> Reply[EndpointView]:
    """One of your endpoints; where it is disabled, with a notice that says why."""
    return Reply(_view(endpoint_of(call.tx, path.endpoint_id, tenant=call.caller.tenant)))


@webhooks.delete(
    "/v1/webhook-endpoints/<endpoint_id>",
    scope="webhooks:write",
    status=204,
    problems=(errors.NoContract, errors.UnknownEndpoint),
)
def delete_endpoint(call: Call[Deps], path: EndpointPath) -> Reply[EndpointView]:
    """Be told there no more; what still waited is not sent."""
    remove_endpoint(call.tx, path.endpoint_id, tenant=call.caller.tenant, actor=call.caller.subject, now=call.now)
    return Reply(None)


@webhooks.post(
    "/v1/webhook-endpoints/<endpoint_id>/rotation",
    scope="webhooks:write",
    status=200,
    reply=EndpointWithSecret,
    problems=(errors.NoContract, errors.UnknownEndpoint),
)
def rotate(call: Call[Deps], path: EndpointPath, body: RotationRequest) -> Reply[EndpointWithSecret]:
    """Get a new secret, shown once. For the overlap, messages are signed with both; a rotation before ends it."""
    endpoint, secret = rotate_secret(
        call.tx,
        path.endpoint_id,
        timedelta(hours=body.overlap_hours),
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        sealer=call.deps.vault.sealer,
        now=call.now,
    )
    return Reply(_with_secret(endpoint, secret), kept=_with_secret(endpoint, None))


@webhooks.post(
    "/v1/webhook-endpoints/<endpoint_id>/test",
    scope="webhooks:write",
    creates=False,
    reply=TrialView,
    problems=(errors.NoContract, errors.UnknownEndpoint, errors.TestsBusy),
)
def try_it(call: Call[Deps], path: EndpointPath) -> Reply[TrialView]:
    """Have a message of type `webhook.test` sent now, also to a disabled endpoint, and read here what came of it."""
    trial = call.deps.trials.try_endpoint(path.endpoint_id, tenant=call.caller.tenant, now=call.now)
    return Reply(
        TrialView(
            delivery_id=trial.delivery_id,
            webhook_id=trial.webhook_id,
            delivered=trial.attempt.failure is None,
            attempt=_attempt(trial.attempt),
        )
    )


@webhooks.post(
    "/v1/webhook-endpoints/<endpoint_id>/enabling",
    scope="webhooks:write",
    status=200,
    reply=EndpointView,
    problems=(errors.NoContract, errors.UnknownEndpoint),
)
def enable(call: Call[Deps], path: EndpointPath) -> Reply[EndpointView]:
    """Be told there again after it was disabled; what waited meanwhile is sent now."""
    return Reply(
        _view(
            enable_endpoint(
                call.tx, path.endpoint_id, tenant=call.caller.tenant, actor=call.caller.subject, now=call.now
            )
        )
    )


@webhooks.get(
    "/v1/webhook-endpoints/<endpoint_id>/deliveries",
    scope="webhooks:read",
    reply=paging.Page[DeliveryView],
    problems=(errors.NoContract, errors.UnknownEndpoint),
)
def list_deliveries(call: Call[Deps], path: EndpointPath, query: DeliveryQuery) -> Reply[paging.Page[DeliveryView]]:
    """The messages of the last month to this endpoint, the newest first, each with its attempts."""
    endpoint = endpoint_of(call.tx, path.endpoint_id, tenant=call.caller.tenant)
    before = paging.decode(query.cursor, UUID)
    found = deliveries.page(
        call.tx,
        endpoint.endpoint_id,
        state=query.state,
        before=None if before is None else before[0],
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    cursor = paging.encode(shown[-1].delivery_id) if len(found) > query.limit else None
    return Reply(paging.Page[DeliveryView](items=[_delivery(each) for each in shown], next_cursor=cursor))


@webhooks.post(
    "/v1/webhook-deliveries/<delivery_id>/replay",
    scope="webhooks:write",
    status=202,
    reply=DeliveryView,
    problems=(errors.NoContract, errors.UnknownDelivery, errors.EndpointDisabled),
)
def replay(call: Call[Deps], path: DeliveryPath) -> Reply[DeliveryView]:
    """Have a message sent again, delivered or not: the same body under the same `webhook-id`."""
    return Reply(_delivery(replay_delivery(call.tx, path.delivery_id, tenant=call.caller.tenant)))


def _fields(endpoint: Endpoint) -> dict[str, object]:
    reason = endpoint.disabled_reason
    return {
        "endpoint_id": endpoint.endpoint_id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "state": endpoint.state,
        "notice": None if reason is None else _NOTICES[reason] + _TO_DO,
        "disabled_reason": reason,
        "disabled_at": endpoint.disabled_at,
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since,
        "secret_overlap_until": endpoint.previous_until,
        "created_at": endpoint.created_at,
    }


def _view(endpoint: Endpoint) -> EndpointView:
    return EndpointView.model_validate(_fields(endpoint))


def _with_secret(endpoint: Endpoint, secret: Secret | None) -> EndpointWithSecret:
    return EndpointWithSecret.model_validate({**_fields(endpoint), "secret": secret})


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        began_at=attempt.began_at,
        milliseconds=attempt.milliseconds,
        status=attempt.status,
        failure=attempt.failure,
    )


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        delivery_id=delivery.delivery_id,
        webhook_id=delivery.webhook_id,
        endpoint_id=delivery.endpoint_id,
        type=delivery.type,
        state=delivery.state,
        created_at=delivery.created_at,
        next_attempt_at=delivery.due_at if delivery.state == "pending" else None,
        settled_at=delivery.settled_at,
        attempts=[_attempt(each) for each in delivery.attempts],
    )
