"""``claims.decisions.v1``: what was decided on claims."""

from __future__ import annotations

from services.payout.consumers.event_fields import currency_of, id_of, require
from services.payout.domain.payouts import Decision
from services.payout.usecases.take_decision import Heard, take_decision
from services.payout.usecases.take_recovery import take_recovery
from services.payout.usecases.take_stop import take_stop
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided, ClaimRecovered, ClaimStopped
from shared.events.envelope import Envelope
from shared.messaging.subscription import Subscription, on
from shared.process.clock import Clock
from shared.values.ids import ClaimId, DecisionId, PartnerId, PolicyId, TokenHex
from shared.values.money import Currency, Fen


def decisions(clock: Clock) -> Subscription:
    """The consumer group of decisions."""

    def on_decided(tx: Tx, envelope: Envelope[ClaimDecided]) -> None:
        take_decision(tx, heard(envelope.data), now=clock.now())

    def on_stopped(tx: Tx, envelope: Envelope[ClaimStopped]) -> None:
        take_stop(tx, stop(envelope.data), now=clock.now())

    def on_recovered(tx: Tx, envelope: Envelope[ClaimRecovered]) -> None:
        event = envelope.data
        require(holds=event.insurers_fen > 0, detail="insurers_fen is not positive")
        claim_id, recovery_id = ClaimId(id_of(event.claim_id, "claim_id")), id_of(event.recovery_id, "recovery_id")
        amount, currency = Fen(event.insurers_fen), Currency(currency_of(event.currency))
        require(
            holds=take_recovery(tx, claim_id, recovery_id, amount, currency, now=clock.now()),
            detail="the claim has no payout",
        )

    handlers = on(ClaimDecided, on_decided) | on(ClaimStopped, on_stopped) | on(ClaimRecovered, on_recovered)
    return Subscription("decisions", (ClaimDecided.TOPIC,), handlers)


def stop(event: ClaimStopped) -> Decision:
    """The event as a decision that approves nothing.

    Raises:
        Poison: it can never be taken.
    """
    require(holds=event.version > 0, detail="version is not positive")
    return Decision(
        decision_id=DecisionId(id_of(event.stop_id, "stop_id")),
        claim_id=ClaimId(id_of(event.claim_id, "claim_id")),
        version=event.version,
        outcome="given_up" if event.reason in ("withdrawn", "closed") else "stopped",
        amount_fen=Fen(0),
        currency=Currency(currency_of(event.currency)),
        cover_limit_fen=Fen(0),
        decided_at=event.stopped_at,
    )


def heard(event: ClaimDecided) -> Heard:
    """The event in payout's words.

    Raises:
        Poison: it can never be taken.
    """
    require(holds=event.version > 0, detail="version is not positive")
    require(holds=event.cover_limit_fen >= 0, detail="cover_limit_fen is negative")
    if event.outcome == "approved":
        require(holds=event.amount_fen > 0, detail="an approved claim pays nothing")
    decision = Decision(
        decision_id=DecisionId(id_of(event.decision_id, "decision_id")),
        claim_id=ClaimId(id_of(event.claim_id, "claim_id")),
        version=event.version,
        outcome=event.outcome,
        amount_fen=Fen(max(0, event.amount_fen)),
        currency=Currency(currency_of(event.currency)),
        cover_limit_fen=Fen(event.cover_limit_fen),
        decided_at=event.decided_at,
    )
    return Heard(
        decision,
        policy_id=PolicyId(id_of(event.policy_id, "policy_id")),
        partner_id=PartnerId(event.partner_id),
        payee_token=TokenHex(event.payee_token),
        payable_from=event.payable_from or event.decided_at,
    )
