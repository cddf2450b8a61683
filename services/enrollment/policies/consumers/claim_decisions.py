"""``claims.decisions.v1``: how each policy's claims were decided. Counting them is the store's; partners hear of it.

Where a person has to see whose account it is, the insured's name is told, masked.
"""

from __future__ import annotations

from services.enrollment.policies.store import outcomes, told_names
from services.enrollment.webhooks.usecases.tell import tell_claim
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope
from shared.messaging.subscription import Subscription, on
from shared.values.payee_doubts import PAYEE_DOUBTS


def _on_claim_decided(tx: Tx, envelope: Envelope[ClaimDecided]) -> None:
    decided = envelope.data
    if outcomes.note_claim(tx, decided):
        tell_claim(tx, decided)
    if any(code in PAYEE_DOUBTS for code in decided.reason_codes):
        told_names.ask(tx, decided.policy_id)


SUBSCRIPTION = Subscription("claim-decisions", (ClaimDecided.TOPIC,), on(ClaimDecided, _on_claim_decided))
