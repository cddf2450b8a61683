"""The routes of webhook endpoints and of their log, the same in each service.

What a caller may be told is the service's: it has the route that adds an endpoint, and ``created`` answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.courier.standard_webhooks import DeliveryState
from shared.values.errors import FangzhaError
from shared.web import paging
from shared.web.models import Identifier, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource
from shared.webhooks.api.deps import WebhookDeps
from shared.webhooks.api.webhook_views import (
    DeliveryView,
    EndpointView,
    EndpointWithSecret,
    TrialView,
    delivery_view,
    endpoint_view,
    with_secret,
)
from shared.webhooks.domain import errors
from shared.webhooks.domain.partners import Asker
from shared.webhooks.store import webhook_deliveries as deliveries
from shared.webhooks.store import webhook_endpoints as endpoints
from shared.webhooks.usecases.endpoints import (
    add_endpoint,
    enable_endpoint,
    endpoint_of,
    remove_endpoint,
    replay_delivery,
    rotate_secret,
)

EndpointUrl = Annotated[str, Field(min_length=1, max_length=2000)]


class RotationRequest(RequestModel):
    """How long the secret before signs as well, from this request on. Those before that keep their own overlaps."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24
    """0 where a secret is known to others: messages are signed with the new one alone from now on."""


class EndpointPath(RequestModel):
    endpoint_id: Identifier


class DeliveryPath(RequestModel):
    delivery_id: Identifier


class DeliveryQuery(paging.PageQuery):
    state: DeliveryState | None = None


def created(call: Call[WebhookDeps], url: str, types: Sequence[str]) -> Reply[EndpointWithSecret]:
    """Add an endpoint for the caller; the reply shows the secret that signs, once.

    Raises:
        InvalidField: the URL cannot be an endpoint's.
        TooManyEndpoints: the caller has as many as it may.
    """
    endpoint, secret = add_endpoint(
        call.tx,
        url,
        types,
        by=_asker(call),
        courier=call.deps.trials.courier,
        sealer=call.deps.sealer,
        now=call.now,
    )
    return Reply(
        with_secret(endpoint, secret),
        kept=with_secret(endpoint, None),
        headers={"Location": f"/v1/webhook-endpoints/{endpoint.endpoint_id}"},
    )


def _asker(call: Call[WebhookDeps]) -> Asker:
    return Asker(partners=call.deps.partners, tenant=call.caller.tenant, actor=call.caller.subject)


def add_routes(webhooks: Resource, *, none_for: tuple[type[FangzhaError], ...]) -> None:
    """All but the adding. ``none_for`` are what ``Partners.number_of`` answers to who may have no endpoints."""

    @webhooks.get(
        "/v1/webhook-endpoints",
        scope="webhooks:read",
        callers=Callers.PARTNERS,
        reply=paging.Page[EndpointView],
        problems=none_for,
    )
    def list_endpoints(call: Call[WebhookDeps], query: paging.PageQuery) -> Reply[paging.Page[EndpointView]]:
        """Your endpoints, the oldest first."""
        partner_no = _asker(call).number(call.tx)
        after, most = query.after(UUID), query.limit + 1
        found = endpoints.page(call.tx, partner_no=partner_no, after=after, limit=most)
        return Reply(paging.Page[EndpointView].cut(found, query, endpoint_view, lambda last: (last.endpoint_id,)))

    @webhooks.get(
        "/v1/webhook-endpoints/<endpoint_id>",
        scope="webhooks:read",
        callers=Callers.PARTNERS,
        reply=EndpointView,
        problems=(*none_for, errors.UnknownEndpoint),
    )
    def show_endpoint(call: Call[WebhookDeps], path: EndpointPath) -> Reply[EndpointView]:
        """One of your endpoints; where it is disabled, with a notice that says why."""
        return Reply(endpoint_view(endpoint_of(call.tx, path.endpoint_id, partner_no=_asker(call).number(call.tx))))

    @webhooks.delete(
        "/v1/webhook-endpoints/<endpoint_id>",
        scope="webhooks:write",
        callers=Callers.PARTNERS,
        status=204,
        problems=(*none_for, errors.UnknownEndpoint),
    )
    def delete_endpoint(call: Call[WebhookDeps], path: EndpointPath) -> Reply[EndpointView]:
        """Be told there no more; what still waited is not sent."""
        remove_endpoint(call.tx, path.endpoint_id, by=_asker(call), now=call.now)
        return Reply(None)

    @webhooks.post(
        "/v1/webhook-endpoints/<endpoint_id>/rotation",
        scope="webhooks:write",
        callers=Callers.PARTNERS,
        status=200,
        reply=EndpointWithSecret,
        problems=(*none_for, errors.UnknownEndpoint, errors.TooManySecrets),
    )
    def rotate(call: Call[WebhookDeps], path: EndpointPath, body: RotationRequest) -> Reply[EndpointWithSecret]:
        """Get a new secret, shown once. For the overlap both sign messages, so a lost reply is asked again."""
        endpoint, secret = rotate_secret(
            call.tx,
            path.endpoint_id,
            timedelta(hours=body.overlap_hours),
            by=_asker(call),
            sealer=call.deps.sealer,
            now=call.now,
        )
        return Reply(with_secret(endpoint, secret), kept=with_secret(endpoint, None))

    @webhooks.post(
        "/v1/webhook-endpoints/<endpoint_id>/test",
        scope="webhooks:write",
        callers=Callers.PARTNERS,
        creates=False,
        reply=TrialView,
        problems=(*none_for, errors.UnknownEndpoint, errors.TestsBusy),
    )
    def try_it(call: Call[WebhookDeps], path: EndpointPath) -> Reply[TrialView]:
        """Have a message of type `webhook.test` sent now, also to a disabled endpoint, and read what came of it."""
        trial = call.deps.trials.try_endpoint(path.endpoint_id, tenant=call.caller.tenant, now=call.now)
        return Reply(TrialView.of(trial, delivered=trial.attempt.failure is None))

    @webhooks.post(
        "/v1/webhook-endpoints/<endpoint_id>/enabling",
        scope="webhooks:write",
        callers=Callers.PARTNERS,
        status=200,
        reply=EndpointView,
        problems=(*none_for, errors.UnknownEndpoint),
    )
    def enable(call: Call[WebhookDeps], path: EndpointPath) -> Reply[EndpointView]:
        """Be told there again after it was disabled; what waited meanwhile is sent now."""
        return Reply(endpoint_view(enable_endpoint(call.tx, path.endpoint_id, by=_asker(call), now=call.now)))

    @webhooks.get(
        "/v1/webhook-endpoints/<endpoint_id>/deliveries",
        scope="webhooks:read",
        callers=Callers.PARTNERS,
        reply=paging.Page[DeliveryView],
        problems=(*none_for, errors.UnknownEndpoint),
    )
    def list_deliveries(
        call: Call[WebhookDeps], path: EndpointPath, query: DeliveryQuery
    ) -> Reply[paging.Page[DeliveryView]]:
        """The messages of the last month to this endpoint, the newest first, each with its attempts."""
        endpoint = endpoint_of(call.tx, path.endpoint_id, partner_no=_asker(call).number(call.tx))
        before, most = query.after(UUID), query.limit + 1
        found = deliveries.page(call.tx, endpoint.endpoint_id, state=query.state, before=before, limit=most)
        return Reply(paging.Page[DeliveryView].cut(found, query, delivery_view, lambda last: (last.delivery_id,)))

    @webhooks.post(
        "/v1/webhook-deliveries/<delivery_id>/replay",
        scope="webhooks:write",
        callers=Callers.PARTNERS,
        status=202,
        reply=DeliveryView,
        problems=(*none_for, errors.UnknownDelivery, errors.EndpointIsDisabled),
    )
    def replay(call: Call[WebhookDeps], path: DeliveryPath) -> Reply[DeliveryView]:
        """Have a message sent again, delivered or not: the same body under the same `webhook-id`."""
        return Reply(delivery_view(replay_delivery(call.tx, path.delivery_id, by=_asker(call), now=call.now)))
