"""What files hold of a person who is to be forgotten: the partner's reference in rejections and dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.enrollment.policies.domain.erasures import ERASED_REFERENCE
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

# Rows of files about the same subscriber go first, with each partner that ever had one of the policies: they are found
# by the references that are then overwritten.
_KNOWN_AS: Final = """
WITH known AS (
    SELECT partner_no, partner_reference FROM policies WHERE policy_id = ANY(%(ids)s::uuid[])
    UNION SELECT t.from_partner_no, p.partner_reference
    FROM policy_transfers t JOIN policies p USING (policy_id) WHERE p.policy_id = ANY(%(ids)s::uuid[])
)
"""
_FORGET_REJECTIONS: Final = f"""{_KNOWN_AS}
UPDATE batch_rejections x SET partner_reference = NULL
FROM batches b JOIN known USING (partner_no)
WHERE x.batch_id = b.batch_id AND x.partner_reference = known.partner_reference
"""
_FORGET_DRY_RUNS: Final = f"""{_KNOWN_AS}
UPDATE dry_run_rows x SET partner_reference = %(erased)s
FROM batches b JOIN known USING (partner_no)
WHERE b.dry_run AND x.batch_id = b.batch_id AND x.partner_reference = known.partner_reference
"""


def forget_references(tx: Tx, policy_ids: Sequence[PolicyId]) -> None:
    """Before the references of these policies are overwritten."""
    ids = list(policy_ids)
    tx.execute(_FORGET_REJECTIONS, {"ids": ids})
    tx.execute(_FORGET_DRY_RUNS, {"ids": ids, "erased": ERASED_REFERENCE})
