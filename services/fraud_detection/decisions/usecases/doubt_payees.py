"""What speaks against the accounts that claims name, for many claims in two queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.representatives import Representative
from services.fraud_detection.claims.store import payees
from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.decisions.domain.payee_doubts import payee_doubts
from services.fraud_detection.decisions.store import payee_claims
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PolicyId
from shared.values.payee_doubts import PayeeDoubt


def doubt_payees(
    tx: Tx,
    claims: Sequence[Claim],
    covers: Mapping[PolicyId, Coverage],
    acting: Mapping[ClaimId, Representative],
) -> dict[ClaimId, tuple[PayeeDoubt, ...]]:
    """The doubts about each of these claims' accounts, the weightiest first. ``acting`` are who acts for insureds."""
    known = payees.find(tx, {claim.payee_token for claim in claims})
    insureds = payee_claims.other_insureds(tx, [claim.claim_id for claim in claims])
    return {
        claim.claim_id: payee_doubts(
            known[claim.payee_token].name_tokens if claim.payee_token in known else None,
            covers[claim.policy_id].name_token,
            other_insureds=insureds.get(claim.claim_id, 0),
            erased=covers[claim.policy_id].erased,
            acting=acting.get(claim.claim_id),
        )
        for claim in claims
    }
