"""Other claims that name the account that a claim names. Judging it is domain's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import ClaimId

_OTHER_INSUREDS: Final = """
SELECT mine.claim_id, count(DISTINCT theirs.person_token)
FROM claims AS mine
JOIN coverage AS own ON own.policy_id = mine.policy_id
JOIN claims AS other ON other.payee_token = mine.payee_token AND other.claim_id <> mine.claim_id
                    AND other.state NOT IN ('draft', 'withdrawn')
JOIN coverage AS theirs ON theirs.policy_id = other.policy_id AND theirs.person_token <> own.person_token
WHERE mine.claim_id = ANY(%s::uuid[]) GROUP BY mine.claim_id"""


def other_insureds(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, int]:
    """For each of these claims whose account claims of other insureds name too, how many insureds they are."""
    return dict(tx.all(_OTHER_INSUREDS, (list(claim_ids),), into=tuple[ClaimId, int]))
