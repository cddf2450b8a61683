"""``payout.payouts.v1``: what was paid on each policy. Adding it up is the store's; partners hear of it."""

from __future__ import annotations

from services.enrollment.policies.store import outcomes
from services.enrollment.webhooks.usecases.tell import tell_payout
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging.subscription import Subscription, on


def _on_payout_changed(tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
    if outcomes.note_payout(tx, envelope.data):
        tell_payout(tx, envelope.data)


SUBSCRIPTION = Subscription("payouts", (PayoutChanged.TOPIC,), on(PayoutChanged, _on_payout_changed))
