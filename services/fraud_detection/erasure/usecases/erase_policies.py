"""Forget the persons of erased policies: at once what is here, later what comes late or waits for an open claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.store import erasure as claims
from services.fraud_detection.coverage.store import erased_policies
from services.fraud_detection.decisions.store import erasure as decisions
from services.fraud_detection.evidence.store import forgetting as evidence
from services.fraud_detection.reviews.store import notes, proposals, undoable
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock

_AT_ONCE: Final = 1000
"""Policies in one transaction: some ten thousand rows with their claims, well under a second."""


def erase(tx: Tx, policy_ids: Sequence[str], *, erased_at: datetime) -> None:
    """Overwrite what is known of these policies' persons. Said twice, it changes nothing."""
    erased_policies.add(tx, policy_ids, erased_at=erased_at)
    overwrite(tx, policy_ids)
    erased_policies.finish(tx, policy_ids, now=erased_at)


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite what each wing holds of these; how many rows had something left."""
    erased_policies.hold(tx, policies)
    claims.hold(tx, policies)
    erased_policies.part(tx, policies)
    # The claims first: whose they are is told by the cover.
    wings = (claims, erased_policies, decisions, evidence, notes, proposals, undoable)
    return sum(wing.overwrite(tx, policies) for wing in wings)


def erase_the_rest(database: Database, clock: Clock) -> bool:
    """Once more for what was not finished: its enrollment came after its erasure, or its last claim was decided since.

    True if there may be more.
    """
    with database.transaction() as tx:
        policies = erased_policies.take(tx, limit=_AT_ONCE)
        if policies:
            overwrite(tx, policies)
            erased_policies.finish(tx, policies, now=clock.now())
        return len(policies) == _AT_ONCE
