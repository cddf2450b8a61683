"""What a partner does with its endpoints: add, rotate the secret, remove, enable again, have a delivery sent again.

What the service keeps of the types that are asked for changes with the endpoints, in the same transaction. Who may have
none is refused by ``Partners.number_of``, by the service's own error.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.courier.post import Courier
from shared.courier.standard_webhooks import Secret
from shared.db import audit
from shared.db.transaction import Tx
from shared.privacy.sealed import Sealer
from shared.process.clock import wall_now
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.webhooks.domain.errors import (
    EndpointIsDisabled,
    TooManyEndpoints,
    TooManySecrets,
    UnknownDelivery,
    UnknownEndpoint,
)
from shared.webhooks.domain.partners import Asker
from shared.webhooks.store import webhook_deliveries as deliveries
from shared.webhooks.store import webhook_endpoints as endpoints
from shared.webhooks.store.webhook_deliveries import Delivery
from shared.webhooks.store.webhook_endpoints import Endpoint
from shared.webhooks.usecases.secrets import new_secret

MOST_ENDPOINTS: Final = 10
"""Of one partner: some systems of its own, and a test. Each fact is written once for each."""
MOST_FORMER_SECRETS: Final = 4
"""Of one endpoint, that sign beside the current one: a rotation or two whose replies were lost, and a header of 250
bytes."""


def add_endpoint(
    tx: Tx,
    url: str,
    types: Sequence[str],
    *,
    by: Asker,
    courier: Courier,
    sealer: Sealer,
    now: datetime,
) -> tuple[Endpoint, Secret]:
    """The endpoint and its secret, in clear for this once.

    Raises:
        InvalidField: the URL cannot be an endpoint's.
        TooManyEndpoints: the partner has as many as it may.
    """
    partner_no = by.number(tx)
    fault = courier.url_fault(url)
    if fault is not None:
        raise InvalidField("/url", fault.detail, fault.fix)
    by.partners.hold(tx, partner_no)
    if endpoints.count(tx, partner_no) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(MOST_ENDPOINTS)
    endpoint_id = new_id()
    secret, sealed = new_secret(tx, sealer, endpoint_id)
    endpoints.add(
        tx,
        endpoint_id,
        partner_no=partner_no,
        url=url,
        types=sorted(set(types)),
        secret=sealed,
        now=now,
    )
    by.partners.note_types(tx, partner_no)
    _record(tx, "webhook_endpoint.added", endpoint_id, actor=by.actor, now=now)
    return endpoint_of(tx, endpoint_id, partner_no=partner_no), secret


def endpoint_of(tx: Tx, endpoint_id: str, *, partner_no: int) -> Endpoint:
    """One endpoint of this partner.

    Raises:
        UnknownEndpoint: there is none of that id, or it is another partner's.
    """
    found = endpoints.endpoint(tx, endpoint_id, partner_no=partner_no)
    if found is None:
        raise UnknownEndpoint(endpoint_id)
    return found


def rotate_secret(
    tx: Tx,
    endpoint_id: str,
    overlap: timedelta,
    *,
    by: Asker,
    sealer: Sealer,
    now: datetime,
) -> tuple[Endpoint, Secret]:
    """A new secret, in clear for this once. Until the overlap is over, in real time, the one before signs as well.

    The partner may never have seen the one before, so those before that sign for as long as they were granted. Without
    an overlap all of them are dropped.

    Raises:
        UnknownEndpoint: see endpoint_of.
        TooManySecrets: as many as may sign at once do so already.
    """
    partner_no = _hold(tx, endpoint_id, by)
    if overlap and endpoints.former_secrets(tx, endpoint_id, wall_now()) >= MOST_FORMER_SECRETS:
        raise TooManySecrets(MOST_FORMER_SECRETS + 1)
    secret, sealed = new_secret(tx, sealer, endpoint_id)
    until = wall_now() + overlap if overlap else None
    if not endpoints.rotate(tx, endpoint_id, secret=sealed, overlap_until=until):
        raise UnknownEndpoint(endpoint_id)
    _record(tx, "webhook_endpoint.secret_rotated", endpoint_id, actor=by.actor, now=now)
    return endpoint_of(tx, endpoint_id, partner_no=partner_no), secret


def remove_endpoint(tx: Tx, endpoint_id: str, *, by: Asker, now: datetime) -> None:
    """Send it nothing more, what waits included.

    Raises:
        UnknownEndpoint: see endpoint_of.
    """
    partner_no = _hold(tx, endpoint_id, by)
    if not endpoints.remove(tx, endpoint_id):
        raise UnknownEndpoint(endpoint_id)
    by.partners.note_types(tx, partner_no)
    _record(tx, "webhook_endpoint.removed", endpoint_id, actor=by.actor, now=now)


def enable_endpoint(tx: Tx, endpoint_id: str, *, by: Asker, now: datetime) -> Endpoint:
    """Send to it again, beginning with what waited; the endpoint as it stands. Harmless where it was not disabled.

    Raises:
        UnknownEndpoint: see endpoint_of.
    """
    partner_no = _hold(tx, endpoint_id, by)
    if endpoints.enable(tx, endpoint_id):
        deliveries.resume(tx, endpoint_id, wall_now())
        _record(tx, "webhook_endpoint.enabled", endpoint_id, actor=by.actor, now=now)
    return endpoint_of(tx, endpoint_id, partner_no=partner_no)


def replay_delivery(tx: Tx, delivery_id: str, *, by: Asker, now: datetime) -> Delivery:
    """Have it sent again, under the same webhook-id; the delivery as it stands.

    Raises:
        UnknownDelivery: there is none of that id, or it is another partner's.
        EndpointIsDisabled: its endpoint takes nothing.
    """
    partner_no = by.number(tx)
    found = deliveries.delivery(tx, delivery_id, partner_no=partner_no)
    if found is None:
        raise UnknownDelivery(delivery_id)
    if endpoint_of(tx, found.endpoint_id, partner_no=partner_no).state != "enabled":
        raise EndpointIsDisabled(found.endpoint_id)
    deliveries.ask_again(tx, delivery_id, wall_now())
    _record(tx, "webhook_delivery.replayed", delivery_id, actor=by.actor, now=now)
    again = deliveries.delivery(tx, delivery_id, partner_no=partner_no)
    assert again is not None  # noqa: S101  # found above
    return again


def _hold(tx: Tx, endpoint_id: str, by: Asker) -> int:
    """Whose endpoint it is, held before it changes.

    Raises:
        UnknownEndpoint: see endpoint_of.
    """
    partner_no = by.number(tx)
    endpoint_of(tx, endpoint_id, partner_no=partner_no)
    by.partners.hold(tx, partner_no)
    return partner_no


def _record(tx: Tx, action: str, subject: str, *, actor: str, now: datetime) -> None:
    audit.record(tx, actor=actor, action=action, subject=subject, details={}, now=now)
