"""What must hold of policies after they were issued: each query finds what breaks it. The numbers are integrity's."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import found_by

# 10: no illegal state step.
_WAITS_FOR_NOBODY: Final = """
SELECT 'policy ' || p.policy_id || ' is upcoming and follows no policy'
FROM policies p LEFT JOIN renewals n USING (policy_id) WHERE p.state = 'upcoming' AND n.policy_id IS NULL
"""
_SUCCESSOR_OUT_OF_STEP: Final = """
SELECT 'policy ' || s.policy_id || ' is ' || s.state || ' and its predecessor ' || p.policy_id || ' is ' || p.state
FROM renewals n JOIN policies s ON s.policy_id = n.policy_id JOIN policies p ON p.policy_id = n.renews
WHERE (s.state IN ('in_force', 'expired') AND p.state <> 'expired')
   OR (s.state = 'upcoming' AND p.state <> 'in_force')
"""
_GAP: Final = """
SELECT 'policy ' || s.policy_id || ' begins at ' || s.effective_from || ', its predecessor ends at ' || p.effective_to
FROM renewals n JOIN policies s ON s.policy_id = n.policy_id JOIN policies p ON p.policy_id = n.renews
WHERE p.state <> 'canceled' AND s.effective_from <> p.effective_to
"""
_WAITING_BEGUN_ANEW: Final = """
SELECT 'policy ' || n.policy_id || ' waits from ' || n.waits_from || ' and not from where its predecessor does'
FROM renewals n JOIN policies p ON p.policy_id = n.renews LEFT JOIN renewals before ON before.policy_id = n.renews
WHERE n.waits_from <> coalesce(before.waits_from, p.effective_from)
"""
_CHUNK_OVERLOOKED: Final = """
SELECT 'chunk ' || k.chunk_id || ' is looked at in ' || k.ends_next || ', after one of its policies ends'
FROM policy_chunks k
WHERE EXISTS (SELECT FROM policies p WHERE p.chunk_id = k.chunk_id AND p.state IN ('in_force', 'upcoming')
                                       AND p.effective_to < k.ends_next)
"""
# Beside steps: what was given back over a policy's life, and for one thing that it listed, is at most what was charged.
_MORE_GIVEN_BACK_THAN_CHARGED: Final = """
SELECT 'policy ' || changed.policy_id || ' was given back more than it was charged'
FROM (
    SELECT policy_id, sum(premium) AS premium, sum(tax) AS tax, sum(compensation) AS compensation
    FROM (
        SELECT policy_id, -refund_fen AS premium, -tax_refund_fen AS tax, -compensation_refund_fen AS compensation
        FROM cancellations
        UNION ALL
        SELECT policy_id, premium_delta_fen, tax_delta_fen, compensation_delta_fen FROM endorsements
        UNION ALL
        SELECT policy_id, premium_fen, tax_fen, compensation_fen FROM statement_disputes WHERE state = 'upheld'
    ) each
    GROUP BY policy_id
) changed
JOIN policies p USING (policy_id) JOIN policy_chunks k USING (chunk_id)
WHERE k.premium_fen + changed.premium < 0 OR k.tax_fen + changed.tax < 0
   OR k.compensation_fen + changed.compensation < 0
"""
_MORE_GIVEN_BACK_FOR_ONE_THING: Final = """
SELECT 'policy ' || policy_id || ' was given back more for ' || item || ' than was charged for it'
FROM (
    SELECT policy_id, details ->> 'item' AS item, sum(premium_delta_fen) AS premium,
           (array_agg(kind ORDER BY version))[1] AS first
    FROM endorsements WHERE kind IN ('item_added', 'item_removed') GROUP BY policy_id, details ->> 'item'
) changed
WHERE first = 'item_added' AND premium < 0
"""
_ENDORSED_OUT_OF_ORDER: Final = """
SELECT 'endorsement ' || e.endorsement_id || ' is of version ' || e.version || ' of a policy at version ' || p.version
FROM endorsements e JOIN policies p USING (policy_id) WHERE e.version > p.version
"""
STEPS: Final = found_by(
    _WAITS_FOR_NOBODY,
    _SUCCESSOR_OUT_OF_STEP,
    _GAP,
    _WAITING_BEGUN_ANEW,
    _CHUNK_OVERLOOKED,
    _MORE_GIVEN_BACK_THAN_CHARGED,
    _MORE_GIVEN_BACK_FOR_ONE_THING,
    _ENDORSED_OUT_OF_ORDER,
)

# 12: an erased person has no token, no reference and no year of birth here.
_ERASED_STILL_KNOWN: Final = """
SELECT 'policy ' || policy_id || ' was erased and still holds a token, a reference or a year of birth'
FROM erased_policies JOIN policies USING (policy_id)
WHERE get_byte(person_token, 0) <> 0 OR get_byte(phone_token, 0) <> 0 OR birth_year <> 0
   OR partner_reference <> 'erased' OR state IN ('in_force', 'upcoming')
"""
_ERASED_BY_NOBODY: Final = """
SELECT 'policy ' || p.policy_id || ' has a token that no key made, and nobody erased its person'
FROM policies p WHERE get_byte(p.person_token, 0) = 0
  AND NOT EXISTS (SELECT FROM erased_policies e WHERE e.policy_id = p.policy_id)
"""
_ERASURE_UNTOLD: Final = """
SELECT 'the event of erasure ' || e.erasure_id || ' is neither in the outbox nor sent'
FROM erasures e
WHERE uuid_extract_timestamp(e.event_id) > clock_timestamp() - interval '3 days'
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.event_id = e.event_id)
  AND NOT EXISTS (SELECT FROM outbox_sent s WHERE s.event_id = e.event_id)
"""
_ERASED_STILL_TOLD: Final = """
SELECT 'webhook delivery ' || d.delivery_id || ' holds the reference of an erased policy'
FROM webhook_deliveries d JOIN erased_policies e ON e.policy_id::text = d.body::jsonb #>> '{data,policy_id}'
WHERE d.body::jsonb #>> '{data,partner_reference}' <> 'erased'
"""
_ERASED_STILL_SHOWN: Final = """
SELECT 'the reply that is kept for a repeat of ' || k.route || ' shows the erased person of policy ' || k.about
FROM idempotency_keys k JOIN erased_policies e ON e.policy_id::text = k.about
"""

PERSONS: Final = found_by(
    _ERASED_STILL_KNOWN, _ERASED_BY_NOBODY, _ERASURE_UNTOLD, _ERASED_STILL_TOLD, _ERASED_STILL_SHOWN
)
