"""``enrollment.policies.v1``: premium of new policies, refunds of canceled ones."""

from __future__ import annotations

from services.payout.consumers.event_fields import currency_of, require
from services.payout.usecases.book_premium import book_premium, book_refund
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import PoliciesEnrolled, PolicyCanceled
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import Currency, Fen


def policies(clock: Clock) -> Subscription:
    """The consumer group of premium."""

    def on_enrolled(tx: Tx, envelope: Envelope) -> None:
        event = envelope.data
        if not isinstance(event, PoliciesEnrolled):
            raise Poison("not an enrollment")
        require(holds=event.premium_fen >= 0, detail="premium_fen is negative")
        book_premium(
            tx,
            chunk_id=event.chunk_id,
            partner_id=PartnerId(event.partner_id),
            policies=event.policies.count,
            premium_fen=Fen(event.premium_fen),
            currency=Currency(currency_of(event.currency)),
            now=clock.now(),
        )

    def on_canceled(tx: Tx, envelope: Envelope) -> None:
        event = envelope.data
        if not isinstance(event, PolicyCanceled):
            raise Poison("not a cancellation")
        require(holds=event.refund_fen >= 0, detail="refund_fen is negative")
        book_refund(
            tx,
            policy_id=PolicyId(event.policy_id),
            partner_id=PartnerId(event.partner_id),
            refund_fen=Fen(event.refund_fen),
            currency=Currency(currency_of(event.currency)),
            now=clock.now(),
        )

    return Subscription(
        "premium", (PoliciesEnrolled.TOPIC,), {PoliciesEnrolled: on_enrolled, PolicyCanceled: on_canceled}
    )
