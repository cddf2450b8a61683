"""``payout.payouts.v1``: what became of the money, to be shown on the claim."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.store import payouts
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayoutChanged
from shared.messaging.failures import Poison, malformed_is_poison
from shared.messaging.subscription import Subscription


def _changed(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case PayoutChanged() as payout:
            with malformed_is_poison():
                payouts.keep(tx, payout)
        case other:
            raise Poison(f"it holds {type(other).__name__}")


PAYOUTS: Final = Subscription(name="payouts", topics=(PayoutChanged.TOPIC,), handlers={PayoutChanged: _changed})
