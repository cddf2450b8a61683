"""What is refused about webhook endpoints and deliveries. The status of each stands in problems.py of the routes."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownEndpoint(FangzhaError):
    """There is no webhook endpoint {endpoint_id}; GET /v1/webhook-endpoints lists yours."""

    endpoint_id: str


@dataclass(frozen=True)
class UnknownDelivery(FangzhaError):
    """There is no webhook delivery {delivery_id}; GET /v1/webhook-endpoints/…/deliveries lists those of a month."""

    delivery_id: str


@dataclass(frozen=True)
class TooManyEndpoints(FangzhaError):
    """A partner has {most} webhook endpoints at most; remove one that is no longer needed."""

    most: int


@dataclass(frozen=True)
class TooManySecrets(FangzhaError):
    """{most} secrets sign this endpoint's messages already; wait for an overlap to end, or rotate without one."""

    most: int


@dataclass(frozen=True)
class EndpointIsDisabled(FangzhaError):
    """Webhook endpoint {endpoint_id} is disabled; POST /v1/webhook-endpoints/{endpoint_id}/enabling first."""

    endpoint_id: str


@dataclass(frozen=True)
class TestsBusy(FangzhaError):
    """Other test messages are under way; try again in {retry_after} seconds."""

    __test__ = False  # its name is not that of a test class

    retry_after: int
