"""``enrollment.policies.v1``: premium of new policies and of their changes, refunds, and persons to be forgotten."""

from __future__ import annotations

from services.payout.consumers.event_fields import currency_of, id_of, require
from services.payout.usecases.book_premium import book_change, book_premium, book_refund
from services.payout.usecases.erase_payees import mark
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import (
    PoliciesCanceled,
    PoliciesEnrolled,
    PoliciesErased,
    PolicyCanceled,
    PolicyEndorsed,
)
from shared.messaging.subscription import Subscription, on
from shared.process.clock import Clock
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import Currency, Fen


def policies(clock: Clock) -> Subscription:
    """The consumer group of premium."""

    def on_enrolled(tx: Tx, envelope: Envelope[PoliciesEnrolled]) -> None:
        event = envelope.data
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

    def on_canceled(tx: Tx, envelope: Envelope[PolicyCanceled]) -> None:
        event = envelope.data
        require(holds=event.refund_fen >= 0, detail="refund_fen is negative")
        book_refund(
            tx,
            cause=event.policy_id,
            partner_id=PartnerId(event.partner_id),
            refund_fen=Fen(event.refund_fen),
            currency=Currency(currency_of(event.currency)),
            now=clock.now(),
        )

    def on_canceled_together(tx: Tx, envelope: Envelope[PoliciesCanceled]) -> None:
        event = envelope.data
        require(holds=event.policies.are_of_one_length, detail="its columns are of different lengths")
        require(holds=all(fen >= 0 for fen in event.policies.refund_fen), detail="a refund_fen is negative")
        book_refund(
            tx,
            cause=event.chunk_id,
            partner_id=PartnerId(event.partner_id),
            refund_fen=Fen(sum(event.policies.refund_fen)),
            currency=Currency(currency_of(event.currency)),
            now=clock.now(),
        )

    def on_endorsed(tx: Tx, envelope: Envelope[PolicyEndorsed]) -> None:
        event = envelope.data
        book_change(
            tx,
            endorsement_id=event.endorsement_id,
            partner_id=PartnerId(event.partner_id),
            delta_fen=Fen(event.premium_delta_fen),
            currency=Currency(currency_of(event.currency)),
            now=clock.now(),
        )

    return Subscription(
        "premium",
        (PoliciesEnrolled.TOPIC,),
        on(PoliciesEnrolled, on_enrolled)
        | on(PolicyCanceled, on_canceled)
        | on(PoliciesCanceled, on_canceled_together)
        | on(PolicyEndorsed, on_endorsed)
        | on(PoliciesErased, _on_erased),
        gather_seconds=0.1,
    )


def _on_erased(tx: Tx, envelope: Envelope[PoliciesErased]) -> None:
    event = envelope.data
    mark(tx, [PolicyId(id_of(each, "policy_ids")) for each in event.policy_ids], erased_at=event.erased_at)
