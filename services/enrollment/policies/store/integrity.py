"""The invariants of policies that this database can prove of itself: each query finds what breaks one.

What only other services' databases can prove is theirs to check.
"""

from __future__ import annotations

from typing import Final

from services.enrollment.policies.store import lifecycle_integrity
from shared.db.invariants import Invariant, found_by

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

INVARIANTS: Final = (
    Invariant(
        4,
        "each policy is announced exactly once, and each person holds a product once",
        found_by(_CHUNK_WITHOUT_ITS_POLICIES, _POLICY_NEVER_ANNOUNCED, _EVENT_LOST, _EVENT_TWICE, _COVERED_TWICE),
    ),
    Invariant(10, "policies took no illegal step", found_by(_POLICY_STATE, _POLICY_WITHOUT_PRODUCT)),
    Invariant(10, "terms, renewals and refunds are in step", lifecycle_integrity.STEPS),
    Invariant(12, "erased persons are known by nothing", lifecycle_integrity.PERSONS),
)
