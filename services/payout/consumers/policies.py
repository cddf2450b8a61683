"""``enrollment.policies.v1``: premium of new policies and of their changes, refunds, and persons to be forgotten."""

from __future__ import annotations

from typing import TypeAlias

from services.payout.consumers.event_fields import currency_of, id_of, require
from services.payout.domain.ledger import Kind
from services.payout.usecases.book_premium import book_premium
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

_Premium: TypeAlias = PoliciesEnrolled | PolicyCanceled | PoliciesCanceled | PolicyEndorsed


def policies(clock: Clock) -> Subscription:
    """The consumer group of premium."""

    def book(tx: Tx, event: _Premium, kind: Kind, cause: str, amount_fen: int) -> None:
        currency, partner_id = Currency(currency_of(event.currency)), PartnerId(event.partner_id)
        book_premium(tx, kind, cause, Fen(amount_fen), currency, partner_id=partner_id, now=clock.now())

    def on_enrolled(tx: Tx, envelope: Envelope[PoliciesEnrolled]) -> None:
        event = envelope.data
        require(holds=event.premium_fen >= 0, detail="premium_fen is negative")
        book(tx, event, "premium", event.chunk_id, event.policies.count * event.premium_fen)

    def on_canceled(tx: Tx, envelope: Envelope[PolicyCanceled]) -> None:
        event = envelope.data
        require(holds=event.refund_fen >= 0, detail="refund_fen is negative")
        book(tx, event, "premium_refund", event.policy_id, event.refund_fen)

    def on_canceled_together(tx: Tx, envelope: Envelope[PoliciesCanceled]) -> None:
        event = envelope.data
        require(holds=event.policies.are_of_one_length, detail="its columns are of different lengths")
        require(holds=all(fen >= 0 for fen in event.policies.refund_fen), detail="a refund_fen is negative")
        book(tx, event, "premium_refund", event.chunk_id, sum(event.policies.refund_fen))

    def on_endorsed(tx: Tx, envelope: Envelope[PolicyEndorsed]) -> None:
        event = envelope.data
        kind: Kind = "premium_added" if event.premium_delta_fen > 0 else "premium_returned"
        book(tx, event, kind, event.endorsement_id, abs(event.premium_delta_fen))

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
