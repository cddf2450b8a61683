"""``claims.submitted.v1``, our own topic: submissions are decided here, together, so that filing waits for no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.usecases.adjudicate import Adjudicator, adjudicate
from services.fraud_detection.decisions.usecases.opinions import FindChampion
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.events.envelope import Envelope
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription, Together, on
from shared.process.clock import Clock
from shared.values.ids import ClaimId

_TOGETHER: Final = 200
"""Claims in one transaction. From 100 on, more of them cost hardly less each, and all are durable only at its end."""
_GATHER_SECONDS: Final = 0.005
"""At two hundred claims a second one or two more come in that time, and nobody sees it; a lone claim goes at once."""


def submissions(find_champion: FindChampion, clock: Clock) -> Subscription:
    """The subscription that decides claims by this model's opinion."""
    by = Adjudicator(find_champion, Terms())

    def decide(tx: Tx, envelopes: Sequence[Envelope[ClaimSubmitted]]) -> None:
        traces = {ClaimId(each.data.claim_id): each.trace for each in envelopes}
        try:
            adjudicate(tx, [each.data for each in envelopes], by=by, now=clock.now(), traces=traces)
        except UnknownClaim as error:
            raise Poison(error.sentence()) from error

    return Subscription(
        name="adjudicate",
        topics=(ClaimSubmitted.TOPIC,),
        handlers=on(ClaimSubmitted, Together(decide)),
        batch=_TOGETHER,
        gather_seconds=_GATHER_SECONDS,
    )
