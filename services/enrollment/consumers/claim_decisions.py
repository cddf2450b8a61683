"""``claims.decisions.v1``: how each policy's claims were decided. Counting them is the store's; partners hear of it."""

from __future__ import annotations

from services.enrollment.store import outcomes
from services.enrollment.usecases.webhooks.tell import tell_claim
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope
from shared.messaging.failures import malformed_is_poison
from shared.messaging.subscription import Subscription


def _on_claim_decided(tx: Tx, envelope: Envelope) -> None:
    assert isinstance(envelope.data, ClaimDecided)  # noqa: S101  # the subscription asks for no other type
    with malformed_is_poison():
        if outcomes.note_claim(tx, envelope.data):
            tell_claim(tx, envelope.data)


SUBSCRIPTION = Subscription("claim-decisions", (ClaimDecided.TOPIC,), {ClaimDecided: _on_claim_decided})
