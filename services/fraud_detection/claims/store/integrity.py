"""What this database can prove of itself about claims: each query finds what breaks an invariant."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.domain.states import STEPS, State
from shared.db.invariants import Invariant, found_by
from shared.db.transaction import Tx

_STEPS: Final = "SELECT DISTINCT from_state, to_state FROM claim_steps"
_STATE_WITHOUT_STEP: Final = """
SELECT 'claim ' || claim_id || ' is ' || state || ', but no step led there' FROM claims
WHERE state <> (SELECT to_state FROM claim_steps WHERE claim_steps.claim_id = claims.claim_id
                ORDER BY version DESC LIMIT 1)"""


def _illegal_steps(tx: Tx) -> list[str]:
    taken = tx.all(_STEPS, into=tuple[State | None, State])
    return [
        *(f"a claim went from {before} to {after}" for before, after in taken if (before, after) not in STEPS),
        *found_by(_STATE_WITHOUT_STEP)(tx),
    ]


INVARIANTS: Final = (Invariant(10, "no illegal step of a claim", _illegal_steps),)
