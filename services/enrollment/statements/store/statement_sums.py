"""What a month comes to by the policies themselves: counted and added up by PostgreSQL, not line by line.

Each query gives kind, lines, premium, tax, compensation, and the sum of the lines' digests.
"""

from __future__ import annotations

from typing import Any, Final

from services.enrollment.statements.domain.line_digest import MODULUS
from services.enrollment.statements.domain.statements import Sum, TransactionType, booked_in
from shared.db.invariants import Invariant
from shared.db.transaction import Parameters, Tx
from shared.values.money import Currency
from shared.values.periods import Period

_SOLD: Final = """
SELECT s.kind, count(p.policy_id) AS lines, sum(p.premium_fen)::bigint AS premium, sum(k.tax_fen)::bigint AS tax,
       sum(k.compensation_fen)::bigint AS compensation,
       sum(line_digest(s.kind, p.policy_id, p.policy_id, p.premium_fen)) AS digest
FROM policy_chunks k
CROSS JOIN LATERAL (SELECT CASE k.kind WHEN 'renewed' THEN 'renewed' ELSE 'issued' END AS kind) s
JOIN policies p USING (chunk_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE k.partner_no = %(partner)s AND k.enrolled_at >= %(start)s AND k.enrolled_at < %(end)s
  AND v.terms ->> 'currency' = %(currency)s
GROUP BY 1
"""
_ENDORSED: Final = """
SELECT 'endorsed' AS kind, count(*) AS lines, coalesce(sum(e.premium_delta_fen), 0)::bigint AS premium,
       coalesce(sum(e.tax_delta_fen), 0)::bigint AS tax,
       coalesce(sum(e.compensation_delta_fen), 0)::bigint AS compensation,
       coalesce(sum(line_digest('endorsed', e.endorsement_id, e.policy_id, e.premium_delta_fen)), 0) AS digest
FROM endorsements e
JOIN policies p USING (policy_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE partner_as_of(p.policy_id, e.version) = %(partner)s AND e.endorsed_at >= %(start)s AND e.endorsed_at < %(end)s
  AND v.terms ->> 'currency' = %(currency)s
"""
# A policy that ended moves to no other partner.
_CANCELED: Final = """
SELECT 'canceled' AS kind, count(*) AS lines, coalesce(sum(-c.refund_fen), 0)::bigint AS premium,
       coalesce(sum(-c.tax_refund_fen), 0)::bigint AS tax,
       coalesce(sum(-c.compensation_refund_fen), 0)::bigint AS compensation,
       coalesce(sum(line_digest('canceled', c.policy_id, c.policy_id, -c.refund_fen)), 0) AS digest
FROM cancellations c
JOIN policies p USING (policy_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE p.partner_no = %(partner)s AND c.canceled_at >= %(start)s AND c.canceled_at < %(end)s
  AND v.terms ->> 'currency' = %(currency)s
"""
_ADJUSTED: Final = """
SELECT 'adjusted' AS kind, count(*) AS lines, coalesce(sum(x.premium_fen), 0)::bigint AS premium,
       coalesce(sum(x.tax_fen), 0)::bigint AS tax, coalesce(sum(x.compensation_fen), 0)::bigint AS compensation,
       coalesce(sum(line_digest('adjusted', x.dispute_id, x.policy_id, x.premium_fen)), 0) AS digest
FROM statement_disputes x JOIN statements s USING (statement_id)
WHERE s.partner_no = %(partner)s AND s.currency = %(currency)s AND x.state = 'upheld'
  AND x.answered_at >= %(start)s AND x.answered_at < %(end)s
"""


def of_policies(tx: Tx, partner_no: int, booked: Period, currency: Currency) -> dict[TransactionType, Sum]:
    """The sums of each kind that has any."""
    parameters: dict[str, object] = {
        "partner": partner_no,
        "start": booked.start,
        "end": booked.end,
        "currency": currency,
    }
    sums = [_sums(tx, query, parameters) for query in (_SOLD, _ENDORSED, _CANCELED, _ADJUSTED)]
    return {kind: of_kind for each in sums for kind, of_kind in each.items() if of_kind.lines}


_STATED: Final = """
SELECT statement_id, partner_no, month, currency FROM statements WHERE state <> 'drawing' ORDER BY statement_id
"""
_TOTALS: Final = """
SELECT transaction_type AS kind, lines, premium_fen AS premium, tax_fen AS tax, compensation_fen AS compensation, digest
FROM statement_totals
WHERE statement_id = %s
"""
_LINES_LOST: Final = """
SELECT 'statement ' || s.statement_id || ' counts ' || t.lines || ' lines and its file has ' || p.lines
FROM statements s,
     LATERAL (SELECT coalesce(sum(lines), 0) AS lines FROM statement_totals x WHERE x.statement_id = s.statement_id) t,
     LATERAL (SELECT coalesce(sum(lines), 0) AS lines FROM statement_parts x WHERE x.statement_id = s.statement_id) p
WHERE t.lines <> p.lines
"""


# Up to the newest month that the schedule began: with it, and in the same transaction, it begins all that are missing.
# Grouped before their currency is asked for, which would unpack a product's terms for each row.
_UNSTATED: Final = """
WITH begun AS (SELECT max(month) AS month FROM statements WHERE started_by = 'schedule'),
booked AS (
    SELECT k.partner_no, k.product_id, k.product_version, k.enrolled_at AS at FROM policy_chunks k
    UNION ALL
    SELECT p.partner_no, p.product_id, p.product_version, c.canceled_at
    FROM cancellations c JOIN policies p USING (policy_id)
    UNION ALL
    SELECT partner_as_of(p.policy_id, e.version), p.product_id, p.product_version, e.endorsed_at
    FROM endorsements e JOIN policies p USING (policy_id)
), months AS (
    SELECT DISTINCT partner_no, product_id, product_version,
           date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date AS month
    FROM booked
), wanted AS (
    SELECT m.partner_no, v.terms ->> 'currency' AS currency, m.month FROM months m
    JOIN product_versions v ON v.product_id = m.product_id AND v.version = m.product_version
    UNION
    SELECT s.partner_no, s.currency, date_trunc('month', x.answered_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM statement_disputes x JOIN statements s USING (statement_id) WHERE x.state = 'upheld'
)
SELECT 'something was booked for partner ' || r.partner_id || ' in ' || to_char(w.month, 'YYYY-MM') || ' in '
       || w.currency || ', and no statement has it'
FROM wanted w JOIN partners r USING (partner_no)
JOIN begun b ON w.month <= b.month
LEFT JOIN statements s ON (s.partner_no, s.month, s.currency) = (w.partner_no, w.month, w.currency)
WHERE s.statement_id IS NULL ORDER BY r.partner_id, w.month
"""


def faults(tx: Tx) -> list[str]:
    """What was never stated, and statements that differ from their files or from what the policies come to."""
    found = [fault for query in (_UNSTATED, _LINES_LOST) for fault in tx.all(query, into=str)]
    for statement_id, partner_no, month, currency in tx.all(_STATED):
        if _sums(tx, _TOTALS, (statement_id,)) != of_policies(tx, partner_no, booked_in(month), Currency(currency)):
            found.append(f"statement {statement_id} is not what the policies come to; run tie-out for the difference")
    return found


def _sums(tx: Tx, query: str, parameters: Parameters) -> dict[TransactionType, Sum]:
    # A digest is a numeric: its sum may be above what a bigint holds.
    rows = tx.all(query, parameters, into=dict[str, Any])
    return {row.pop("kind"): Sum(**row | {"digest": int(row["digest"]) % MODULUS}) for row in rows}


INVARIANTS: Final = (
    Invariant(16, "each finished month is stated, by the sum of its policies and as many lines in the file", faults),
)
