"""How often a claim's person, phone, payee, device and handler are named by other claims. Judging it is domain's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Other claims before this one, in the windows that ``Snapshot`` states; None by what this one does not name."""

    person_claims: int
    phone_claims: int
    payee_claims: int
    payee_persons: int
    device_claims: int | None
    device_persons: int | None
    handler_claims: int | None
    handler_persons: int | None


@dataclass(frozen=True, slots=True)
class _Of:
    claim_id: ClaimId
    counts: Counts


def _named(token: str, days: int) -> str:
    return f"""
CROSS JOIN LATERAL (
    SELECT count(*) AS claims, count(DISTINCT person_token) FILTER (WHERE person_token <> asked.person) AS persons
    FROM claims WHERE {token}_token = asked.{token} AND claim_id <> asked.first AND split_from IS NULL
      AND submitted_at BETWEEN asked.at - interval '{days} days' AND asked.at) AS {token}"""


def _counted(who: str, what: str) -> str:
    return f"CASE WHEN asked.{who} IS NOT NULL THEN {who}.{what} END"


_WHO: Final = {"person": 365, "phone": 90, "payee": 365, "device": 30, "handler": 30}
"""Days to look back."""
# A claim that was split counts once, as it was filed.
_OF_CLAIMS: Final = f"""
SELECT {
    Columns(
        _Of,
        claim_id="asked.claim_id",
        counts={name: _counted(*name.split("_")) for name in Counts.__slots__},
    )
}
FROM unnest(%(claims)s::uuid[], %(firsts)s::uuid[], %(at)s::timestamptz[],
            {", ".join(f"%({who})s::text[]" for who in _WHO)})
     AS asked (claim_id, first, at, {", ".join(_WHO)})
{"".join(_named(who, days) for who, days in _WHO.items())}"""


def of_claims(tx: Tx, claims: Sequence[Claim]) -> dict[ClaimId, Counts]:
    asked: dict[str, object] = {
        "claims": [claim.claim_id for claim in claims],
        "firsts": [claim.split_root or claim.claim_id for claim in claims],
        "at": [claim.submitted_at for claim in claims],
        "person": [claim.person_token for claim in claims],
        "phone": [claim.phone_token for claim in claims],
        "payee": [claim.payee_token for claim in claims],
        "device": [claim.device_token for claim in claims],
        "handler": [claim.handler_token for claim in claims],
    }
    return {each.claim_id: each.counts for each in tx.all(_OF_CLAIMS, asked, into=_Of)}
