"""A person says that a transfer which another claim has is another one than it looks like; the reason is kept.

Decides nothing: the rule fails for it no more when the claim is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.fraud_detection.claims.store import claims, transfers
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.reviews.domain.errors import TransferNotHeld
from services.fraud_detection.reviews.usecases.lock_case import lock_with_person
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


def tell_apart(
    tx: Tx,
    claim_id: ClaimId,
    line: int,
    reason: str,
    *,
    reviewer: str,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> None:
    """Give the transfer a place of its own.

    Raises:
        UnknownClaim: there is none.
        TransferNotHeld: the claim has no such transfer, or no other claim has it.
        PolicyErased: the person was forgotten, and no claim of theirs is open for which it would matter.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
    """
    claim = lock_with_person(tx, claim_id, require_match)
    holders = [each.holder for each in transfers.held_by_others(tx, [claim_id]).get(claim_id, ()) if each.line == line]
    if not holders:
        raise TransferNotHeld(claim_id, line)
    sealed = personal_data.seal(tx, reason, claim_id, f"different:{line}")
    transfers.part(tx, claim_id, [line], different_from=holders[0], reason=sealed)
    claims.touch(tx, claim)
    audit.record(
        tx,
        actor=reviewer,
        action="claim.transfer_told_apart",
        subject=claim_id,
        details={"line": line, "different_from": ", ".join(holders)},
        now=now,
    )
