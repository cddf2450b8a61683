"""``enrollment.policies.v1``: what is covered, and whose persons are to be forgotten."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.coverage.consumers.policies import COVERED
from services.fraud_detection.erasure.usecases.erase_policies import erase
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.policies import PoliciesErased
from shared.messaging.subscription import Subscription, on


def _erased(tx: Tx, envelope: Envelope[PoliciesErased]) -> None:
    erase(tx, envelope.data.policy_ids, erased_at=envelope.data.erased_at)


POLICIES: Final = Subscription(
    name="coverage",
    topics=(PoliciesErased.TOPIC,),
    handlers=COVERED | on(PoliciesErased, _erased),
    gather_seconds=0.1,
)
