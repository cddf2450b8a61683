"""Say that claims wait to be decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.messaging import outbox


def submit(tx: Tx, claim: Claim, *, now: datetime) -> None:
    """Publish ``claims.submitted`` for the claim's present round."""
    submit_all(tx, [claim], now=now)


def submit_all(
    tx: Tx, waiting: Sequence[Claim], *, now: datetime, carriers: Sequence[Mapping[str, str]] | None = None
) -> None:
    """The same for many. ``carriers`` has of each the trace that it belongs to, where it is not the current one."""
    events = [
        (
            ClaimSubmitted(claim_id=each.claim_id, round=each.round, policy_id=each.policy_id, submitted_at=now),
            each.claim_id,
        )
        for each in waiting
    ]
    if events:
        outbox.add_many(tx, events, now=now, carriers=carriers)


def file_anew(tx: Tx, claim: Claim, *, by: str, why: str | None, now: datetime, new_round: bool = True) -> Claim:
    """Bring a locked claim before the machine once more; the claim as it is then.

    In a new round, unless nothing was decided in this one.
    """
    again = claims.step(tx, claim, "filed", now=now, by=by, why=why, new_round=new_round)
    submit(tx, again, now=now)
    return again
