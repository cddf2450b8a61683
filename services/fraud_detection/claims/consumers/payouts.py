"""``payout.payouts.v1``: what became of the money, to be shown on the claim."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.store import payouts
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging.subscription import Subscription, on


def _changed(tx: Tx, envelope: Envelope[PayoutChanged]) -> None:
    payouts.keep(tx, envelope.data)


PAYOUTS: Final = Subscription(name="payouts", topics=(PayoutChanged.TOPIC,), handlers=on(PayoutChanged, _changed))
