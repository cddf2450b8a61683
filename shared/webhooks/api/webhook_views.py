"""How webhook endpoints, deliveries and attempts look over HTTP. Which there are, webhooks asks the store."""

from __future__ import annotations

from datetime import datetime

from shared.courier.standard_webhooks import DeliveryState, DisabledReason, EndpointState, Secret
from shared.web.models import ReplyModel
from shared.webhooks.store.webhook_deliveries import Delivery
from shared.webhooks.store.webhook_endpoints import Endpoint

_MEND = " Mend it, try it by POST …/test, and enable it by POST …/enabling: what waited is sent then."
_NOTICES: dict[DisabledReason, str] = {
    "gone": "Your server answered 410 Gone, so nothing is sent there any more." + _MEND,
    "only_failures": "For three days there was nothing but failures, so nothing is sent there any more." + _MEND,
    "address_refused": (
        "For three days there was nothing but failures, and we may not call its address: it leads into a private"
        " network, or is not encrypted. Ask us to allow it, or give the name a public address, and enable the endpoint"
        " by POST …/enabling: what waited is sent then."
    ),
}


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
    """Until when messages carry more signatures than one, by secrets that were replaced; null where they do not."""
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


def endpoint_view(endpoint: Endpoint) -> EndpointView:
    reason = endpoint.disabled_reason
    notice = None if reason is None else _NOTICES[reason]
    return EndpointView.of(endpoint, notice=notice, secret_overlap_until=endpoint.overlap_until)


def with_secret(endpoint: Endpoint, secret: Secret | None) -> EndpointWithSecret:
    return EndpointWithSecret.of(endpoint_view(endpoint), secret=secret)


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView.of(delivery, next_attempt_at=delivery.due_at if delivery.state == "pending" else None)
