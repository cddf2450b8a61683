"""``claims.decisions.v1``: how each policy's claims were decided. Counting them is the store's; partners hear of it."""

from __future__ import annotations

from services.enrollment.policies.store import outcomes
from services.enrollment.webhooks.usecases.tell import tell_claim
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope
from shared.messaging.subscription import Subscription, on


def _on_claim_decided(tx: Tx, envelope: Envelope[ClaimDecided]) -> None:
    if outcomes.note_claim(tx, envelope.data):
        tell_claim(tx, envelope.data)


SUBSCRIPTION = Subscription("claim-decisions", (ClaimDecided.TOPIC,), on(ClaimDecided, _on_claim_decided))
