"""The other claims of a claim's person and policies. Whether they tell of one loss is domain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from services.fraud_detection.decisions.store.decisions import PASSED_ON
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PolicyId


@dataclass(frozen=True, slots=True)
class _Found:
    of_claim: ClaimId
    other: OtherClaim


# A letter of authority or a register is used again by nature, and proves no loss.
_FOUND: Final = Columns(
    _Found,
    of_claim="asked.claim_id",
    other={
        "claim_id": "claims.claim_id",
        "policy_id": "claims.policy_id",
        "liability": "claims.liability",
        "amount_fen": "claims.amount_fen",
        "shares_evidence": """EXISTS (SELECT FROM evidence AS mine JOIN evidence AS theirs USING (sha256)
            WHERE mine.claim_id = asked.claim_id AND theirs.claim_id = claims.claim_id
              AND 'mandate' NOT IN (mine.kind, theirs.kind))""",
        "approved": "held.amount_fen IS NOT NULL",
        "approved_fen": "coalesce(held.amount_fen, 0)",
        "event_deductible_fen": "coalesce(final.event_deductible_fen, 0)",
        "by_claimant": "person_token = asked.person",
        "passed_on": f"""(EXISTS (SELECT FROM decisions WHERE decisions.claim_id = claims.claim_id AND {PASSED_ON})
            OR EXISTS (SELECT FROM mandate_checks WHERE mandate_checks.claim_id = claims.claim_id AND NOT holds))""",
    },
)
# OFFSET 0 keeps the look into claims apart for each claim that is asked about, by the indexes of persons and policies:
# joined, some hundreds of claims would seem worth a walk through the whole table.
_OF_CLAIMS: Final = f"""
SELECT {_FOUND}
FROM unnest(%(claims)s::uuid[], %(persons)s::text[], %(policies)s::text[]) AS asked (claim_id, person, policies)
CROSS JOIN LATERAL (
    SELECT * FROM claims
    WHERE (person_token = asked.person OR policy_id = ANY(asked.policies::uuid[])) AND claim_id <> asked.claim_id
    OFFSET 0
) AS claims
LEFT JOIN reservations AS held ON held.claim_id = claims.claim_id AND held.released_at IS NULL
LEFT JOIN LATERAL (
    SELECT CASE WHEN released_at IS NULL THEN event_deductible_fen END AS event_deductible_fen
    FROM decisions LEFT JOIN reservations USING (decision_id)
    WHERE decisions.claim_id = claims.claim_id AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS final ON true"""


def of_claims(
    tx: Tx, claims: Sequence[Claim], policies: Mapping[ClaimId, Sequence[PolicyId]]
) -> dict[ClaimId, tuple[OtherClaim, ...]]:
    """All other claims of each claim's person and on its ``policies``, whichever channel took them."""
    asked: dict[str, object] = {
        "claims": [claim.claim_id for claim in claims],
        "persons": [claim.person_token for claim in claims],
        "policies": ["{" + ",".join(policies[claim.claim_id]) + "}" for claim in claims],
    }
    found: dict[ClaimId, list[OtherClaim]] = {claim.claim_id: [] for claim in claims}
    for each in tx.all(_OF_CLAIMS, asked, into=_Found):
        found[each.of_claim].append(each.other)
    return {claim_id: tuple(others) for claim_id, others in found.items()}
