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

# The table's constraints keep two claims from one place; so it is enough that what is paid has one.
_PAID_WITHOUT_A_PLACE: Final = """
SELECT 'transfer ' || line || ' of claim ' || claim_id || ' was approved, and '
       || coalesce('is ' || place, 'another claim holds it')
FROM transfers JOIN reservations USING (claim_id)
WHERE released_at IS NULL AND NOT refused AND coalesce(place, 'released') = 'released'"""
_HELD_TWICE: Final = """
SELECT 'claims ' || mine.claim_id || ' and ' || theirs.claim_id || ' hold one transfer'
FROM transfers AS mine JOIN transfers AS theirs USING (person_token, reference_token)
WHERE mine.place = 'own' AND theirs.place = 'own' AND mine.claim_id < theirs.claim_id"""


def _illegal_steps(tx: Tx) -> list[str]:
    taken = tx.all(_STEPS, into=tuple[State | None, State])
    return [
        *(f"a claim went from {before} to {after}" for before, after in taken if (before, after) not in STEPS),
        *found_by(_STATE_WITHOUT_STEP)(tx),
    ]


INVARIANTS: Final = (
    Invariant(10, "no illegal step of a claim", _illegal_steps),
    Invariant(13, "one transfer is in at most one paid claim", found_by(_PAID_WITHOUT_A_PLACE, _HELD_TWICE)),
)
