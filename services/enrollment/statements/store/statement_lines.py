"""Which transactions belong to a partner's month, read in the order of their booking, some thousand at a time.

Policies sold are read by chunks, whose amounts were fixed at the sale; what changed a policy afterwards has rows of its
own. A renewal is a sale of its own. The term that stands on a line is the one sold, whatever ended it early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.statements.domain.statements import StatementLine
from shared.db.transaction import Tx
from shared.values.money import Currency
from shared.values.periods import Period

MOST_LINES: Final = 20_000
"""Lines in one step: 4 MB of text, half a second of work, so a restart loses little."""
_CHUNKS_AT_ONCE: Final = 2_000
"""Of chunks that hold one policy each: single enrollments."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One partner's month, and the last transaction read of a stage; None at its beginning."""

    partner_no: int
    currency: Currency
    booked: Period
    after_at: datetime | None
    after_id: str | None


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Lines in order, and where the next page begins; ``more`` is False after the stage's last."""

    lines: Sequence[StatementLine]
    after_at: datetime | None
    after_id: str | None
    more: bool


_ORDER: Final = "2000-01-01T00:00:00+00:00", "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class _SoldChunk:
    chunk_id: str
    policies: int
    enrolled_at: datetime


_CHUNKS: Final = """
SELECT k.chunk_id, k.policies, k.enrolled_at FROM policy_chunks k
JOIN product_versions v ON v.product_id = k.product_id AND v.version = k.product_version
WHERE k.partner_no = %(partner)s AND k.enrolled_at >= %(start)s AND k.enrolled_at < %(end)s
  AND (k.enrolled_at, k.chunk_id) > (%(after_at)s, %(after_id)s::uuid) AND v.terms ->> 'currency' = %(currency)s
ORDER BY k.enrolled_at, k.chunk_id LIMIT %(limit)s
"""
# The days are those of the product's zone; the end is counted from the term, for a policy's own may have changed.
_DAYS: Final = """
       (p.effective_from AT TIME ZONE (v.terms ->> 'zone'))::date AS first_day,
       (p.effective_from AT TIME ZONE (v.terms ->> 'zone'))::date + (v.terms ->> 'term_days')::integer - 1 AS last_day
"""
_PRODUCT: Final = """
       d.product_code, p.product_version, coalesce(v.terms ->> 'line_of_business', 'anti_fraud') AS class_of_business
"""
_SOLD: Final = f"""
SELECT CASE k.kind WHEN 'renewed' THEN 'renewed' ELSE 'issued' END AS transaction_type, p.policy_id AS reference,
       p.policy_id, p.partner_reference,
{_PRODUCT}, {_DAYS}, (p.effective_from AT TIME ZONE (v.terms ->> 'zone'))::date AS effective_day,
       k.enrolled_at AS booked_at, k.premium_fen AS premium, k.tax_fen AS tax, k.compensation_fen AS compensation
FROM policy_chunks k
JOIN policies p USING (chunk_id)
JOIN products d ON d.product_id = p.product_id
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE k.chunk_id = ANY(%s::uuid[])
ORDER BY k.enrolled_at, k.chunk_id, p.policy_id
"""


def sold(tx: Tx, wanted: Wanted) -> FoundLines:
    """Policies issued and renewed: whole chunks, so that each is on one page."""
    taken: list[_SoldChunk] = []
    for chunk in tx.all(_CHUNKS, _parameters(wanted, _CHUNKS_AT_ONCE), into=_SoldChunk):
        if taken and sum(each.policies for each in taken) + chunk.policies > MOST_LINES:
            break
        taken.append(chunk)
    if not taken:
        return FoundLines((), None, None, more=False)
    lines = tx.all(_SOLD, ([chunk.chunk_id for chunk in taken],), into=StatementLine)
    return FoundLines(lines, taken[-1].enrolled_at, taken[-1].chunk_id, more=True)


_ENDORSED: Final = f"""
SELECT 'endorsed' AS transaction_type, e.endorsement_id AS reference, p.policy_id, p.partner_reference, {_PRODUCT},
       {_DAYS}, (e.effective_at AT TIME ZONE (v.terms ->> 'zone'))::date AS effective_day, e.endorsed_at AS booked_at,
       e.premium_delta_fen AS premium, e.tax_delta_fen AS tax, e.compensation_delta_fen AS compensation
FROM endorsements e
JOIN policies p USING (policy_id)
JOIN products d ON d.product_id = p.product_id
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE partner_as_of(p.policy_id, e.version) = %(partner)s AND e.endorsed_at >= %(start)s AND e.endorsed_at < %(end)s
  AND (e.endorsed_at, e.endorsement_id) > (%(after_at)s, %(after_id)s::uuid) AND v.terms ->> 'currency' = %(currency)s
ORDER BY e.endorsed_at, e.endorsement_id LIMIT %(limit)s
"""


def endorsed(tx: Tx, wanted: Wanted) -> FoundLines:
    return _found(tx.all(_ENDORSED, _parameters(wanted, MOST_LINES), into=StatementLine))


# A policy that ended moves to no other partner.
_CANCELED: Final = f"""
SELECT 'canceled' AS transaction_type, c.policy_id AS reference, p.policy_id, p.partner_reference, {_PRODUCT}, {_DAYS},
       (p.effective_to AT TIME ZONE (v.terms ->> 'zone'))::date AS effective_day, c.canceled_at AS booked_at,
       -c.refund_fen AS premium, -c.tax_refund_fen AS tax, -c.compensation_refund_fen AS compensation
FROM cancellations c
JOIN policies p USING (policy_id)
JOIN products d ON d.product_id = p.product_id
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE p.partner_no = %(partner)s AND c.canceled_at >= %(start)s AND c.canceled_at < %(end)s
  AND (c.canceled_at, c.policy_id) > (%(after_at)s, %(after_id)s::uuid) AND v.terms ->> 'currency' = %(currency)s
ORDER BY c.canceled_at, c.policy_id LIMIT %(limit)s
"""


def canceled(tx: Tx, wanted: Wanted) -> FoundLines:
    return _found(tx.all(_CANCELED, _parameters(wanted, MOST_LINES), into=StatementLine))


_ADJUSTED: Final = """
SELECT 'adjusted' AS transaction_type, x.dispute_id AS reference, coalesce(x.policy_id::text, '') AS policy_id,
       coalesce(p.partner_reference, '') AS partner_reference, coalesce(d.product_code, '') AS product_code,
       coalesce(p.product_version, 0) AS product_version,
       coalesce(v.terms ->> 'line_of_business', '') AS class_of_business, s.month AS first_day, s.month AS last_day,
       (x.answered_at AT TIME ZONE 'Asia/Shanghai')::date AS effective_day, x.answered_at AS booked_at,
       x.premium_fen AS premium, x.tax_fen AS tax, x.compensation_fen AS compensation
FROM statement_disputes x
JOIN statements s USING (statement_id)
LEFT JOIN policies p USING (policy_id)
LEFT JOIN products d ON d.product_id = p.product_id
LEFT JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
WHERE s.partner_no = %(partner)s AND s.currency = %(currency)s AND x.state = 'upheld'
  AND x.answered_at >= %(start)s AND x.answered_at < %(end)s
  AND (x.answered_at, x.dispute_id) > (%(after_at)s, %(after_id)s::uuid)
ORDER BY x.answered_at, x.dispute_id LIMIT %(limit)s
"""


def adjusted(tx: Tx, wanted: Wanted) -> FoundLines:
    """What disputes about earlier statements were upheld with; the month that was disputed stands as its days."""
    return _found(tx.all(_ADJUSTED, _parameters(wanted, MOST_LINES), into=StatementLine))


def _parameters(wanted: Wanted, limit: int) -> dict[str, object]:
    first_at, first_id = _ORDER
    return {
        "partner": wanted.partner_no,
        "currency": wanted.currency,
        "start": wanted.booked.start,
        "end": wanted.booked.end,
        "after_at": wanted.after_at or first_at,
        "after_id": wanted.after_id or first_id,
        "limit": limit,
    }


def _found(lines: Sequence[StatementLine]) -> FoundLines:
    if not lines:
        return FoundLines((), None, None, more=False)
    return FoundLines(lines, lines[-1].booked_at, lines[-1].reference, more=True)
