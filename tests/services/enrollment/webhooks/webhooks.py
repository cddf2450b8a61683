"""What the tests of webhooks do: add an endpoint, send what is due, let time pass for what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.enrollment.webhooks.domain.webhook_facts import FACT_TYPES
from shared.db.pool import Database
from shared.webhooks.usecases.send import Sender
from tests.services.enrollment.builders import Partner
from tests.services.enrollment.webhooks.receiver import Receiver

ALL = FACT_TYPES


def add(partner: Partner, receiver: Receiver, *, types: Sequence[str] = ALL) -> dict[str, Any]:
    """A new endpoint of the partner at this server, its secret with it."""
    made = partner.post("/v1/webhook-endpoints", {"url": receiver.url, "types": list(types)})
    assert made.status_code == 201, made.text
    return dict(made.json)


def send(sender: Sender) -> None:
    """Send all that is due now, and wait for what comes of it."""
    while sender.send_due():
        sender.finish()


def later(database: Database, by: timedelta) -> None:
    """As if so much real time had passed for everything that waits."""
    with database.transaction() as tx:
        tx.execute("UPDATE webhook_deliveries SET due_at = due_at - %s", (by,))
        tx.execute(
            "UPDATE webhook_endpoints SET paused_until = paused_until - %(by)s, failing_since = failing_since - %(by)s",
            {"by": by},
        )
        tx.execute("UPDATE webhook_former_secrets SET until = until - %s", (by,))
