"""Claims that were split: what stays open of one goes on as a claim of its own, its number apart and its course shared.

All of it is written in the transaction of the decision that splits: there is never half of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import ClaimChanged, StepRow
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOff:
    """A claim that was split off another one."""

    claim_id: ClaimId
    split_from: ClaimId
    split_by: DecisionId
    amount_fen: Fen
    state: State


_FOLLOW: Final = """
UPDATE claims SET state = %s, version = version + 1, changed_at = %s, changed_by = %s, changed_why = %s
WHERE claim_id = %s AND version = %s"""
_LEAVE: Final = """
UPDATE claims SET amount_fen = %s, recovered_fen = %s, other_insurance_fen = %s WHERE claim_id = %s AND version = %s"""
_COPY_EVIDENCE: Final = """
INSERT INTO evidence (claim_id, sha256, kind, also_mandate, captured_at, added_at)
SELECT %s, sha256, kind, also_mandate, captured_at, added_at FROM evidence WHERE claim_id = %s"""
_OFF: Final = f"""
SELECT {Columns(SplitOff)} FROM claims
WHERE split_root = ANY(SELECT coalesce(split_root, claim_id) FROM claims WHERE claim_id = ANY(%(claims)s::uuid[]))
  AND split_from = ANY(%(claims)s::uuid[])
ORDER BY claim_id"""
_PARTS: Final = """
WITH first AS (SELECT coalesce(split_root, claim_id) AS claim_id FROM claims WHERE claim_id = %s)
SELECT claim_id FROM first UNION SELECT claim_id FROM claims WHERE split_root = (SELECT claim_id FROM first)"""


def follow(tx: Tx, claim: Claim, steps: Sequence[StepRow]) -> int:
    """Take a new claim through the steps that the one took which it is split off; its version then.

    Each is as legal as it was, and at its time: so the clocks of both have run alike.
    """
    version = claim.version
    for each in steps:
        values = (each.to_state, each.at, each.by_whom, each.why, claim.claim_id, version)
        if tx.execute(_FOLLOW, values) != 1:
            raise ClaimChanged(claim.claim_id)
        version += 1
    return version


def leave(tx: Tx, first: Claim, version: int) -> None:
    """Keep the amounts that are left of the claim that was split, in the version in which it was decided."""
    amounts = (first.amount_fen, first.recovered_fen, first.other_insurance_fen)
    if tx.execute(_LEAVE, (*amounts, first.claim_id, version)) != 1:
        raise ClaimChanged(first.claim_id)


def copy_evidence(tx: Tx, claim_id: ClaimId, to: ClaimId) -> None:
    """Both claims name the same documents."""
    tx.execute(_COPY_EVIDENCE, (to, claim_id))


def lock_parts(tx: Tx, claim_id: ClaimId) -> list[Claim]:
    """All that was one claim with this one, itself among them, the first first; and nobody else changes one of them
    before this transaction ends. None where there is no such claim.
    """
    locked: dict[ClaimId, Claim] = {}
    while set(ids := [part for (part,) in tx.all(_PARTS, (claim_id,))]) - locked.keys():
        locked = claims.lock_many(tx, ids)  # once more where one was split while it was waited for
    return list(locked.values())


def off(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, tuple[SplitOff, ...]]:
    """What was split off each of these claims, the first first; a claim of which nothing was is left out."""
    found: dict[ClaimId, list[SplitOff]] = {}
    for each in tx.all(_OFF, {"claims": list(claim_ids)}, into=SplitOff) if claim_ids else ():
        found.setdefault(each.split_from, []).append(each)
    return {claim_id: tuple(parts) for claim_id, parts in found.items()}
