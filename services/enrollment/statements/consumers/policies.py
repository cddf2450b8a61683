"""``enrollment.policies.v1``, our own topic: what its events say of premium, as everybody gets to hear it.

Finance proves a month by it weeks later (usecases/tie_out.py), when Kafka has long dropped the events.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.enrollment.statements.domain.event_tallies import PremiumEvent, Tally, tally_of
from services.enrollment.statements.store import event_tallies
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import PoliciesCanceled, PoliciesEnrolled, PolicyCanceled, PolicyEndorsed
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription, Together, on


def _note(tx: Tx, envelopes: Sequence[Envelope[PremiumEvent]]) -> None:
    event_tallies.add(tx, [(envelope.id, _tally(envelope.data)) for envelope in envelopes])


def _tally(event: PremiumEvent) -> Tally:
    if isinstance(event, PoliciesEnrolled | PoliciesCanceled) and not (
        event.policies.policy_id and event.policies.are_of_one_length
    ):
        raise Poison("its columns are empty or of different lengths")
    try:
        return tally_of(event)
    except (ValueError, OverflowError) as error:
        raise Poison("it names an id or an amount that is none") from error


_TALLY = Together(_note)

SUBSCRIPTION = Subscription(
    "tie-out",
    (PoliciesEnrolled.TOPIC,),
    on(PoliciesEnrolled, _TALLY)
    | on(PolicyCanceled, _TALLY)
    | on(PoliciesCanceled, _TALLY)
    | on(PolicyEndorsed, _TALLY),
    # Weeks go by until somebody asks.
    gather_seconds=0.5,
)
