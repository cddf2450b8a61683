"""The partner's reference in what was told of its policies; forgotten with the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PolicyId

# What partners' servers were told, or are to be told: the whole log is read, as an index would cost each message. A
# reference has no quotes (domain/rows.py), and the body stays what its receiver can read.
_FORGET_MESSAGES: Final = """
UPDATE webhook_deliveries SET body = regexp_replace(
    body, '"partner_reference":"[^"]*"', '"partner_reference":"' || %s || '"')
WHERE body LIKE ANY (%s)
"""


def forget_references(tx: Tx, policy_ids: Sequence[PolicyId], *, instead: str) -> None:
    """Overwrite the partner's reference in all that was or is to be said about these policies."""
    tx.execute(_FORGET_MESSAGES, (instead, [f"%{policy_id}%" for policy_id in policy_ids]))
