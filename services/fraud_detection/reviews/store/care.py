"""Whom to deal with carefully, in SQL: read from the birth year and the person's other claims, written nowhere.

What is erased of a person takes the flags with it: the year is 0 then, and no two claims bear one token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.reviews.domain.care import THRESHOLDS, CareFacts, CareFlag, care
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

BIRTH_YEAR: Final = "coalesce((SELECT birth_year FROM coverage WHERE coverage.policy_id = claims.policy_id), 0)"
LOSSES: Final = """(
    SELECT count(*) FROM claims AS other
    JOIN reservations ON reservations.claim_id = other.claim_id AND released_at IS NULL
    WHERE other.person_token = claims.person_token AND other.claim_id <> claims.claim_id
      AND other.occurred_at < claims.occurred_at AND other.occurred_at >= claims.occurred_at - %(care_before)s)"""
"""Others of the claimant's that were approved and not given up."""
_BORN: Final = f"nullif({BIRTH_YEAR}, 0)"
_STANDS: Final[Mapping[CareFlag, str]] = {
    "minor": f"coalesce(%(care_year)s - {_BORN} <= %(care_minor)s, false)",
    "elderly": f"coalesce(%(care_year)s - {_BORN} >= %(care_elderly)s, false)",
    "repeat_victim": f"{LOSSES} >= %(care_losses)s",
}
FLAGGED: Final = f"({' OR '.join(_STANDS.values())})"
"""Whether any flag stands, of a row of ``claims``."""
HAS_FLAG: Final = f"(CASE %(care)s {' '.join(f'''WHEN '{flag}' THEN {it}''' for flag, it in _STANDS.items())} END)"
"""Whether the flag ``%(care)s`` stands."""


@dataclass(frozen=True, slots=True)
class _Known:
    claim_id: ClaimId
    facts: CareFacts


_OF_CLAIMS: Final = f"""
SELECT {Columns(_Known, facts={"birth_year": BIRTH_YEAR, "losses": LOSSES})} FROM claims
WHERE claim_id = ANY(%(claims)s::uuid[])"""


def parameters(now: datetime) -> dict[str, object]:
    """What the expressions ask for."""
    return {
        "care_year": now.year,
        "care_minor": THRESHOLDS.minor,
        "care_elderly": THRESHOLDS.elderly,
        "care_losses": THRESHOLDS.losses,
        "care_before": THRESHOLDS.before,
    }


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId], *, now: datetime) -> dict[ClaimId, tuple[CareFlag, ...]]:
    """The flags of each of these claims."""
    found = tx.all(_OF_CLAIMS, {**parameters(now), "claims": list(claim_ids)}, into=_Known)
    return {each.claim_id: care(each.facts, now.year) for each in found}
