"""Say that a claim waits to be decided."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.messaging import outbox


def submit(tx: Tx, claim: Claim, *, now: datetime) -> None:
    """Publish ``claims.submitted`` for the claim's present round."""
    event = ClaimSubmitted(claim_id=claim.claim_id, round=claim.round, policy_id=claim.policy_id, submitted_at=now)
    outbox.add(tx, event, subject=claim.claim_id, now=now)
