"""The invariants that this database can prove of itself: each query finds what breaks one. Numbers as in the design.

What only other services' databases can prove is theirs to check.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from services.enrollment.partners.store import partner_integrity
from services.enrollment.policies.store import lifecycle_integrity
from services.enrollment.statements.store import statement_sums
from shared.db.transaction import Tx

Finder: TypeAlias = Callable[[Tx], list[str]]

_AT_MOST: Final = 100
"""Sentences of one kind: enough to see what is wrong, few enough to read."""

# 4: an accepted request has exactly one effect.
_CHUNK_WITHOUT_ITS_POLICIES: Final = """
SELECT 'chunk ' || k.chunk_id || ' announced ' || k.policies || ' policies and holds ' || count(p.policy_id)
FROM policy_chunks k LEFT JOIN policies p USING (chunk_id)
GROUP BY k.chunk_id HAVING count(p.policy_id) <> k.policies
"""
_POLICY_NEVER_ANNOUNCED: Final = """
SELECT 'policy ' || p.policy_id || ' was announced by no event'
FROM policies p LEFT JOIN policy_chunks k USING (chunk_id) WHERE k.chunk_id IS NULL
"""
# outbox_sent is emptied by age, so only the events of the last three days can be asked for; their ids hold the time.
_EVENT_LOST: Final = """
SELECT 'the event of ' || a.what || ' is neither in the outbox nor sent'
FROM (
    SELECT event_id, 'chunk ' || chunk_id AS what FROM policy_chunks
    UNION ALL SELECT event_id, 'cancellation of ' || policy_id FROM cancellations
    UNION ALL SELECT event_id, 'endorsement ' || endorsement_id FROM endorsements
    UNION ALL SELECT DISTINCT event_id, 'transfer from partner ' || from_partner_no FROM policy_transfers
    UNION ALL SELECT event_id, 'product ' || product_id || ' version ' || version FROM product_versions
) a
WHERE uuid_extract_timestamp(a.event_id) > clock_timestamp() - interval '3 days'
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = a.event_id)
  AND NOT EXISTS (SELECT 1 FROM outbox_sent s WHERE s.event_id = a.event_id)
"""
_EVENT_TWICE: Final = """
SELECT 'event ' || event_id || ' stands in the outbox ' || count(*) || ' times' FROM outbox
GROUP BY event_id HAVING count(*) > 1
"""
_COVERED_TWICE: Final = """
SELECT 'a person holds product ' || product_id || ' ' || count(*) || ' times: '
       || string_agg(policy_id::text, ', ')
FROM policies WHERE state = 'in_force' GROUP BY person_token, product_id, stacks_by HAVING count(*) > 1
"""

# 9: rows in = accepted + rejected, by reason.
_BATCH_MISCOUNTED: Final = """
SELECT 'batch ' || b.batch_id || ' read ' || b.rows_read || ' rows: ' || a.policies || ' policies and ' || r.rows
       || ' rejections (it says ' || b.accepted || ' and ' || b.rejected || ')'
FROM batches b,
     LATERAL (SELECT coalesce(sum(k.policies), 0) AS policies FROM policy_chunks k WHERE k.batch_id = b.batch_id) a,
     LATERAL (SELECT count(*) AS rows FROM batch_rejections x WHERE x.batch_id = b.batch_id) r
WHERE b.kind = 'enrollment' AND NOT b.dry_run
  AND (b.accepted, b.rejected, b.rows_read) <> (a.policies, r.rows, a.policies + r.rows)
"""
_PARTS_MISCOUNTED: Final = """
SELECT 'batch ' || b.batch_id || ' has ' || b.rows_total || ' rows and parts of ' || coalesce(p.rows, 0)
FROM batches b, LATERAL (
    SELECT sum(rows) AS rows, coalesce(sum(rows) FILTER (WHERE accepted IS NOT NULL), 0) AS done
    FROM batch_parts m WHERE m.batch_id = b.batch_id
) p
WHERE (b.rows_total, b.rows_read) <> (coalesce(p.rows, 0), p.done)
"""
_REJECTED_WITHOUT_REASON: Final = """
SELECT 'batch ' || batch_id || ' line ' || line || ' was rejected without a reason'
FROM batch_rejections LEFT JOIN rejection_reasons USING (reason_no)
WHERE reason_no IS NULL OR code IS NULL OR code = '' OR detail = '' OR fix = ''
"""

# 10: no illegal state step.
_POLICY_STATE: Final = """
SELECT 'policy ' || p.policy_id || ' is ' || p.state || ' and '
       || CASE WHEN c.policy_id IS NULL THEN 'has no cancellation' ELSE 'has a cancellation' END
FROM policies p LEFT JOIN cancellations c USING (policy_id)
WHERE (p.state = 'canceled') <> (c.policy_id IS NOT NULL)
"""
_POLICY_WITHOUT_PRODUCT: Final = """
SELECT DISTINCT 'policies name partner ' || p.partner_no || ', product ' || p.product_id || ' version '
       || p.product_version || ', which do not exist'
FROM policies p
LEFT JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
LEFT JOIN partners r USING (partner_no)
WHERE v.product_id IS NULL OR r.partner_no IS NULL
"""
_BATCH_STATE: Final = """
SELECT 'batch ' || b.batch_id || ' is ' || b.state || ' with ' || count(p.part_no) || ' parts still to do'
FROM batches b LEFT JOIN batch_parts p ON p.batch_id = b.batch_id AND p.sealed IS NOT NULL
GROUP BY b.batch_id HAVING (b.state = 'finished' AND count(p.part_no) > 0)
                        OR (b.state IN ('received', 'processing') AND count(p.part_no) = 0)
"""
_WEBHOOK_STATE: Final = """
SELECT 'webhook delivery ' || d.delivery_id || ' is delivered and no attempt succeeded' FROM webhook_deliveries d
WHERE d.state = 'delivered'
  AND NOT EXISTS (SELECT 1 FROM webhook_attempts a WHERE a.delivery_id = d.delivery_id AND a.failure IS NULL)
"""
_WEBHOOK_TYPES: Final = """
SELECT 'partner ' || r.partner_id || ' asks for other webhooks than its contract says' FROM partners r
WHERE ARRAY(SELECT unnest(r.webhook_types) ORDER BY 1) <> ARRAY(
    SELECT DISTINCT unnest(e.types) FROM webhook_endpoints e
    WHERE e.partner_no = r.partner_no AND e.state <> 'deleted' ORDER BY 1)
"""

# 12: no clear identity where none belongs. The pattern is an 18-digit number or a mobile number standing alone.
_CLEAR_IDENTITY: Final = r"""
SELECT DISTINCT place || ' holds what looks like an identity or phone number' FROM (
    SELECT 'partner_reference of policy ' || policy_id AS place, partner_reference AS text FROM policies
    UNION ALL SELECT 'rejection reason ' || reason_no, detail || ' ' || fix FROM rejection_reasons
    UNION ALL SELECT 'rejection of batch ' || batch_id || ' line ' || line, partner_reference FROM batch_rejections
    UNION ALL SELECT 'dry run of batch ' || batch_id || ' line ' || line, partner_reference FROM dry_run_rows
    UNION ALL SELECT 'outbox event ' || event_id, body FROM outbox
    UNION ALL SELECT 'webhook delivery ' || delivery_id, body FROM webhook_deliveries
    UNION ALL SELECT 'audit row ' || number, actor || ' ' || subject || ' ' || details FROM audit_log
) clear
WHERE text ~ '(?<![0-9A-Za-z.:-])([0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z.:-])'
"""


def _find(queries: tuple[str, ...], tx: Tx) -> list[str]:
    return [row[0] for query in queries for row in tx.all(f"{query} LIMIT {_AT_MOST}")]


FINDERS: Final[tuple[tuple[int, str, Finder], ...]] = (
    (
        4,
        "each policy is announced exactly once, and each person holds a product once",
        partial(
            _find,
            (_CHUNK_WITHOUT_ITS_POLICIES, _POLICY_NEVER_ANNOUNCED, _EVENT_LOST, _EVENT_TWICE, _COVERED_TWICE),
        ),
    ),
    (
        9,
        "rows of each batch = accepted + rejected, each rejection with its reason",
        partial(_find, (_BATCH_MISCOUNTED, _PARTS_MISCOUNTED, _REJECTED_WITHOUT_REASON)),
    ),
    (
        10,
        "policies, batches and webhooks took no illegal step",
        partial(_find, (_POLICY_STATE, _POLICY_WITHOUT_PRODUCT, _BATCH_STATE, _WEBHOOK_STATE, _WEBHOOK_TYPES)),
    ),
    (10, "partners end in legal steps, and nobody who opted out is covered", partial(_find, partner_integrity.QUERIES)),
    (9, "rows of each removal and renewal did what it says", partial(_find, lifecycle_integrity.ROWS)),
    (10, "terms, renewals and refunds are in step", partial(_find, lifecycle_integrity.STEPS)),
    (12, "no identity stands in clear", partial(_find, (_CLEAR_IDENTITY,))),
    (12, "erased persons are known by nothing", partial(_find, lifecycle_integrity.PERSONS)),
    (
        13,
        "each finished month is stated, by the sum of its policies and as many lines in the file",
        statement_sums.faults,
    ),
)
