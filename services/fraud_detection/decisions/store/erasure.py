"""Forgetting a person: the words in which claims on erased policies, or some of their transfers, were refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx

# Of none there is nothing left either: substr of an absent value is absent.
_REASONS: Final = """
UPDATE decisions
SET reasons = substr(decisions.reasons, 1, 0), reasons_en = substr(reasons_en, 1, 0), found_zh = substr(found_zh, 1, 0),
    found_en = substr(found_en, 1, 0)
FROM claims
WHERE claims.claim_id = decisions.claim_id AND claims.policy_id = ANY(%s::uuid[])
  AND (decisions.reasons <> '' OR reasons_en <> '' OR found_zh <> '' OR found_en <> '')"""


_OF_TRANSFERS: Final = """
UPDATE transfer_verdicts
SET reasons = substr(reasons, 1, 0), reasons_en = substr(reasons_en, 1, 0), found_zh = substr(found_zh, 1, 0),
    found_en = substr(found_en, 1, 0)
FROM claims
WHERE claims.claim_id = transfer_verdicts.claim_id AND claims.policy_id = ANY(%s::uuid[])
  AND (reasons <> '' OR reasons_en <> '' OR found_zh <> '' OR found_en <> '')"""


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite the reasons; how many rows had some left."""
    return sum(tx.execute(statement, (list(policies),)) for statement in (_REASONS, _OF_TRANSFERS))
