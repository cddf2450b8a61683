"""Queues what backends' servers are told of their claims: with the claim's step, or not at all.

Where a backend has no endpoint a step costs one look-up by key, whatever the number of claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.fraud_detection.webhooks.domain.status_facts import ClaimStatusChanged
from services.fraud_detection.webhooks.store import channels
from shared.db.transaction import Tx
from shared.webhooks.domain.messages import body
from shared.webhooks.store import webhook_queue


def tell_statuses(tx: Tx, changes: Sequence[tuple[str, ClaimStatusChanged]], *, at: datetime) -> None:
    """Tell each of these backends of its claim, one message a step for each endpoint that asks for the type."""
    numbers = channels.numbers(tx, {tenant for tenant, _ in changes})
    told = [
        (number, body(fact.TYPE, at.astimezone(UTC), fact))
        for tenant, fact in changes
        if (number := numbers.get(tenant)) is not None
    ]
    if told:
        webhook_queue.enqueue(tx, ClaimStatusChanged.TYPE, told)
