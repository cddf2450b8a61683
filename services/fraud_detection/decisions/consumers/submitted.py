"""``claims.submitted.v1``, our own topic: each submission is decided here, so that filing waits for no model."""

from __future__ import annotations

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.decisions.usecases.adjudicate import adjudicate
from services.fraud_detection.decisions.usecases.opinions import FindChampion
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.events.envelope import Envelope
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription, on
from shared.process.clock import Clock


def submissions(find_champion: FindChampion, clock: Clock) -> Subscription:
    """The subscription that decides claims by this model's opinion."""

    def decide(tx: Tx, envelope: Envelope[ClaimSubmitted]) -> None:
        try:
            adjudicate(tx, envelope.data, find_champion=find_champion, now=clock.now())
        except UnknownClaim as error:
            raise Poison(error.sentence()) from error

    return Subscription(name="adjudicate", topics=(ClaimSubmitted.TOPIC,), handlers=on(ClaimSubmitted, decide))
