"""What a message says of a policy. Queuing it is the shared queue's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PolicyId


@dataclass(frozen=True, slots=True)
class ToldPolicy:
    """What a message says of a policy, and whose it is."""

    partner_no: int
    policy_id: PolicyId
    partner_reference: str
    product_code: str
    product_version: int
    state: str
    version: int
    premium_fen: int
    currency: str
    effective_from: datetime
    effective_to: datetime


# Locked against an erasure: either it finds the message that is written next, or that has no reference any more. In a
# statement of its own: where it waits for the policies to move, a join would pair them with the partner of before.
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR KEY SHARE"
_WANTED: Final = """
SELECT p.partner_no, p.policy_id, p.partner_reference, d.product_code, p.product_version, p.state, p.version,
       p.premium_fen, v.terms ->> 'currency' AS currency, p.effective_from, p.effective_to
FROM policies p JOIN partners r USING (partner_no) JOIN products d USING (product_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE p.policy_id = ANY(%s::uuid[]) AND %s = ANY(r.webhook_types)
"""


def wanted(tx: Tx, policy_ids: Sequence[PolicyId], type_: str) -> dict[PolicyId, ToldPolicy]:
    """Of these policies those whose partner asks for messages of the type; the partner is the one that has it now."""
    tx.execute(_LOCK, (list(policy_ids),))
    found = tx.all(_WANTED, (list(policy_ids), type_), into=ToldPolicy)
    return {each.policy_id: each for each in found}
