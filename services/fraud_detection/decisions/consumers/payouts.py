"""``payout.payouts.v1``: what became of the money."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.decisions.usecases.follow_payout import follow_payout
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging.subscription import Subscription, on


def _changed(tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
    follow_payout(tx, envelope.data)


PAYOUTS: Final = Subscription(name="payouts", topics=(PayoutChanged.TOPIC,), handlers=on(PayoutChanged, _changed))
