"""Forgetting a person: the words in which claims on erased policies were refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx

_REASONS: Final = """
UPDATE decisions SET reasons = '' FROM claims
WHERE claims.claim_id = decisions.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND decisions.reasons <> ''"""


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite the reasons; how many rows had some left."""
    return tx.execute(_REASONS, (list(policies),))
