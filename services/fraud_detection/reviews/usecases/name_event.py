"""A person says which event a claim is a loss of: those called alike are one, those called otherwise are several.

Decides nothing: what follows for limits and duplicates is seen when a claim is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.fraud_detection.claims.store import claims
from services.fraud_detection.filing.domain.filing import reference_faults
from services.fraud_detection.reviews.usecases.hold_case import keep
from services.fraud_detection.reviews.usecases.lock_case import lock_with_person
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId


def name_event(
    tx: Tx,
    claim_id: ClaimId,
    event_reference: str,
    *,
    reviewer: str,
    require_match: Callable[[int], None],
    now: datetime,
) -> None:
    """Keep the name, also on a claim that is decided: what it was paid counts for the claims of its event from now on.

    Raises:
        UnknownClaim: there is none.
        InvalidFields: the name holds what looks like a personal number.
        PolicyErased: the person was forgotten, and no claim of theirs is open for which it would matter.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
    """
    if faults := tuple(reference_faults(event_reference, "/event_reference")):
        raise InvalidFields(faults)
    claim = lock_with_person(tx, claim_id, require_match)
    claims.name_event(tx, claim, event_reference)
    keep(tx, claim_id, reviewer, now=now)
    audit.record(
        tx,
        actor=reviewer,
        action="claim.event_named",
        subject=claim_id,
        details={"event_reference": event_reference},
        now=now,
    )
