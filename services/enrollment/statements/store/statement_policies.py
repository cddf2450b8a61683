"""What statements say of one policy: whether one has a line of it, and what all of them charged for it.

Whole months are statement_lines' to read.
"""

from __future__ import annotations

from typing import Final

from services.enrollment.products.domain.amounts import Amounts
from services.enrollment.statements.domain.statements import Statement, booked_in
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

# The same conditions as those of statement_lines: whose a line is was settled when it was booked. A policy that ended
# moves to no other partner.
_HAS_LINE: Final = """
SELECT FROM policies p
JOIN policy_chunks k USING (chunk_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE p.policy_id = %(policy)s AND v.terms ->> 'currency' = %(currency)s AND (
    k.partner_no = %(partner)s AND k.enrolled_at >= %(start)s AND k.enrolled_at < %(end)s
    OR p.partner_no = %(partner)s AND EXISTS (
        SELECT FROM cancellations c
        WHERE c.policy_id = p.policy_id AND c.canceled_at >= %(start)s AND c.canceled_at < %(end)s)
    OR EXISTS (
        SELECT FROM endorsements e
        WHERE e.policy_id = p.policy_id AND partner_as_of(p.policy_id, e.version) = %(partner)s
          AND e.endorsed_at >= %(start)s AND e.endorsed_at < %(end)s)
    OR EXISTS (
        SELECT FROM statement_disputes x JOIN statements s USING (statement_id)
        WHERE x.policy_id = p.policy_id AND x.state = 'upheld' AND s.partner_no = %(partner)s
          AND x.answered_at >= %(start)s AND x.answered_at < %(end)s)
)
"""


def has_line(tx: Tx, statement: Statement, policy_id: PolicyId) -> bool:
    """Whether the statement has a line of this policy, of whatever kind."""
    booked = booked_in(statement.month)
    parameters: dict[str, object] = {
        "policy": policy_id,
        "partner": statement.partner_no,
        "currency": statement.currency,
        "start": booked.start,
        "end": booked.end,
    }
    return tx.one(_HAS_LINE, parameters) is not None


_LOCK: Final = "SELECT FROM policies WHERE policy_id = %s FOR UPDATE"
_CHARGED: Final = """
SELECT coalesce(sum(premium), 0)::bigint AS premium, coalesce(sum(tax), 0)::bigint AS tax,
       coalesce(sum(compensation), 0)::bigint AS compensation
FROM (
    SELECT k.premium_fen AS premium, k.tax_fen AS tax, k.compensation_fen AS compensation
    FROM policies p JOIN policy_chunks k USING (chunk_id) WHERE p.policy_id = %(policy)s
    UNION ALL
    SELECT premium_delta_fen, tax_delta_fen, compensation_delta_fen FROM endorsements WHERE policy_id = %(policy)s
    UNION ALL
    SELECT -refund_fen, -tax_refund_fen, -compensation_refund_fen FROM cancellations WHERE policy_id = %(policy)s
    UNION ALL
    SELECT premium_fen, tax_fen, compensation_fen FROM statement_disputes
    WHERE policy_id = %(policy)s AND state = 'upheld'
) each
"""


def charged(tx: Tx, policy_id: PolicyId) -> Amounts:
    """All that was stated of a policy so far; it is locked, so that nothing is added meanwhile."""
    tx.one(_LOCK, (policy_id,))
    return tx.the(_CHARGED, {"policy": policy_id}, into=Amounts)
