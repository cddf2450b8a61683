"""Webhook endpoints over HTTP: of what a backend may be told. All else about them is the same in each service."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from services.fraud_detection.webhooks.domain.status_facts import FactType
from shared.web.models import RequestModel
from shared.web.resource import Call, Callers, Reply, Resource
from shared.webhooks.api.deps import WebhookDeps
from shared.webhooks.api.routes import EndpointUrl, add_routes, created
from shared.webhooks.api.webhook_views import EndpointWithSecret
from shared.webhooks.domain.errors import TooManyEndpoints

webhooks: Final = Resource("webhooks", "Your own servers, told what became of your claims")


class NewEndpoint(RequestModel):
    """Where you want to be told, and of what."""

    url: EndpointUrl
    """`https://…`, without a password; it gets a POST for each message."""
    types: Annotated[list[FactType], Field(min_length=1, max_length=20)]


@webhooks.post(
    "/v1/webhook-endpoints",
    scope="webhooks:write",
    callers=Callers.PARTNERS,
    reply=EndpointWithSecret,
    problems=(TooManyEndpoints,),
)
def create_endpoint(call: Call[WebhookDeps], body: NewEndpoint) -> Reply[EndpointWithSecret]:
    """Be told at this URL from now on. The reply shows the secret that signs, once."""
    return created(call, body.url, body.types)


add_routes(webhooks, none_for=())
