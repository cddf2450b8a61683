"""The steps of claims as their clocks read them, of many claims at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.clocks import Reached
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

STEPS: Final = """(SELECT jsonb_agg(jsonb_build_object('to_state', to_state, 'at', at) ORDER BY version)
 FROM claim_steps WHERE claim_steps.claim_id = claims.claim_id)"""
"""A column of ``claims`` with what a tuple of ``Reached`` is read from."""


@dataclass(frozen=True, slots=True)
class _Course:
    claim_id: ClaimId
    steps: tuple[Reached, ...]


_OF_CLAIMS: Final = f"SELECT {Columns(_Course, steps=STEPS)} FROM claims WHERE claim_id = ANY(%s::uuid[])"


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, tuple[Reached, ...]]:
    """The steps of each, in their order."""
    if not claim_ids:
        return {}
    return {each.claim_id: each.steps for each in tx.all(_OF_CLAIMS, (list(claim_ids),), into=_Course)}
