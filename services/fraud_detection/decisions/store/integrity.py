"""What this database can prove of itself about decisions: each query finds what breaks an invariant."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.domain.states import HOLDS_LIMITS
from shared.db.invariants import Invariant, found_by

_ABOVE_COVER: Final = """
SELECT 'policy ' || coalesce(held.policy_id, limit_use.policy_id) || ': ' || coalesce(held.fen, 0) || ' fen held of '
       || coalesce(limit_use.annual_limit_fen::text, 'nothing')
FROM limit_use FULL JOIN (
    SELECT policy_id, sum(amount_fen) AS fen FROM reservations WHERE released_at IS NULL GROUP BY policy_id
) AS held USING (policy_id)
WHERE coalesce(held.fen, 0) <> coalesce(limit_use.reserved_fen, 0)
   OR coalesce(held.fen, 0) > coalesce(limit_use.annual_limit_fen, 0)"""
_ABOVE_LIABILITY: Final = """
SELECT 'policy ' || policy_id || ', ' || liability || ': ' || coalesce(held.fen, 0) || ' fen held of '
       || coalesce(liability_use.annual_limit_fen::text, 'nothing')
FROM liability_use FULL JOIN (
    SELECT policy_id, liability, sum(amount_fen) AS fen FROM reservations WHERE released_at IS NULL
    GROUP BY policy_id, liability
) AS held USING (policy_id, liability)
WHERE coalesce(held.fen, 0) <> coalesce(liability_use.reserved_fen, 0)
   OR coalesce(held.fen, 0) > coalesce(liability_use.annual_limit_fen, 0)"""
_HELD_OTHERWISE: Final = """
SELECT 'approval ' || decision_id || ' holds ' || coalesce(reservations.amount_fen::text, 'nothing')
FROM decisions LEFT JOIN reservations USING (decision_id)
WHERE outcome = 'approved' AND reservations.amount_fen IS DISTINCT FROM decisions.amount_fen"""
# Of the year's deductible a claim bears what its newest approval or refusal says; nothing else is used of it.
_DEDUCTIBLE_OTHERWISE: Final = """
SELECT 'policy ' || policy_id || ': ' || coalesce(borne.fen, 0) || ' fen borne of the year''s deductible, '
       || coalesce(limit_use.deductible_fen, 0) || ' counted'
FROM limit_use FULL JOIN (
    SELECT claims.policy_id, sum(newest.deductible_fen) AS fen
    FROM claims JOIN (
        SELECT DISTINCT ON (claim_id) decisions.claim_id, CASE WHEN released_at IS NULL THEN deductible_fen END
        FROM decisions LEFT JOIN reservations USING (decision_id)
        WHERE outcome IN ('approved', 'refused') ORDER BY claim_id, version DESC
    ) AS newest (claim_id, deductible_fen) USING (claim_id)
    GROUP BY claims.policy_id
) AS borne USING (policy_id)
WHERE coalesce(borne.fen, 0) <> coalesce(limit_use.deductible_fen, 0)"""

# A decision is the one effect of each submission; the youngest may still be on their way.
_UNDECIDED: Final = """
SELECT 'claim ' || claim_id || ' is ' || state || ' without a decision in its round' FROM claims
WHERE state IN ('documents_requested', 'in_review', 'approved', 'recovery_wait', 'paying', 'refused')
  AND changed_why IS DISTINCT FROM 'waiting_for_policy_over'
  AND NOT EXISTS (
    SELECT FROM decisions WHERE decisions.claim_id = claims.claim_id AND decisions.round = claims.round)"""
_DECIDED_TWICE: Final = """
SELECT 'claim ' || claim_id || ' was decided twice (round ' || round || ')'
FROM decisions WHERE NOT by_person GROUP BY claim_id, round HAVING count(*) > 1
UNION ALL
SELECT 'claim ' || claim_id || ' is approved twice'
FROM reservations WHERE released_at IS NULL GROUP BY claim_id HAVING count(*) > 1"""
_HOLDING: Final = ", ".join(f"'{state}'" for state in HOLDS_LIMITS)
# What an approval holds is given back only where the money is surely not paid, and stands as long as it may be.
_APPROVED_WITHOUT: Final = f"""
SELECT 'claim ' || claim_id || ' is ' || state || ' and holds nothing' FROM claims
WHERE state IN ({_HOLDING})
  AND NOT EXISTS (SELECT FROM reservations
                  WHERE reservations.claim_id = claims.claim_id AND reservations.released_at IS NULL)
UNION ALL
SELECT 'claim ' || claim_id || ' is ' || state || ' and holds of its limits' FROM claims
WHERE state NOT IN ({_HOLDING}, 'closed')
  AND EXISTS (SELECT FROM reservations
              WHERE reservations.claim_id = claims.claim_id AND reservations.released_at IS NULL)"""

_NO_ORIGIN: Final = """
SELECT 'decision ' || decision_id || ' does not say what it rests on' FROM decisions
WHERE rule_version = ''
   OR (NOT by_person AND outcome = 'approved' AND model_id IS NULL AND sandbox_value IS DISTINCT FROM 'approve')
   OR (NOT by_person AND model_id IS NULL AND outcome = 'review' AND coalesce(why, '') = 'score')
   OR why IS DISTINCT FROM 'policy_unknown' AND NOT EXISTS (SELECT FROM claim_features
                  WHERE claim_features.claim_id = decisions.claim_id AND claim_features.round = decisions.round)"""

_REFUSED_AND_PAID: Final = f"""
SELECT 'claim ' || claims.claim_id || ' is ' || claims.state || ', yet payout ' || claim_payouts.payout_id
       || ' is under way'
FROM claims JOIN claim_payouts USING (claim_id)
WHERE claim_payouts.state IN ('scheduled', 'paid') AND claims.state NOT IN ({_HOLDING}, 'closed')"""
_PAID_OTHERWISE: Final = """
SELECT 'payout ' || claim_payouts.payout_id || ' of claim ' || claim_payouts.claim_id || ' rests on no approval'
FROM claim_payouts
WHERE NOT EXISTS (SELECT FROM decisions WHERE decisions.decision_id = claim_payouts.decision_id
                  AND decisions.outcome = 'approved' AND decisions.amount_fen = claim_payouts.amount_fen)"""

_BY_NO_MANDATE: Final = """
SELECT 'approval ' || decision_id || ' is of a representative who may not act by anybody''s word'
FROM decisions JOIN claim_representatives USING (claim_id)
WHERE outcome = 'approved' AND NOT coalesce((
    SELECT holds FROM mandate_checks
    WHERE mandate_checks.claim_id = decisions.claim_id AND mandate_checks.version < decisions.version
    ORDER BY version DESC LIMIT 1), false)"""

_REFUSED_BY_NOBODY: Final = """
SELECT 'refusal ' || decision_id || ' has no person in the audit trail' FROM decisions
WHERE outcome = 'refused' AND NOT EXISTS (
    SELECT FROM audit_log WHERE audit_log.subject = decisions.claim_id::text
      AND audit_log.actor = decisions.decided_by AND audit_log.action = 'claim.refused')"""

INVARIANTS: Final = (
    Invariant(
        3,
        "approved never above the cover",
        found_by(_ABOVE_COVER, _ABOVE_LIABILITY, _HELD_OTHERWISE, _DEDUCTIBLE_OTHERWISE),
    ),
    Invariant(4, "each submission has exactly one decision", found_by(_UNDECIDED, _DECIDED_TWICE, _APPROVED_WITHOUT)),
    Invariant(6, "no decision without rule version, features and model", found_by(_NO_ORIGIN)),
    Invariant(
        7,
        "a refused claim is never paid",
        found_by(_REFUSED_AND_PAID, _PAID_OTHERWISE, _BY_NO_MANDATE, _REFUSED_BY_NOBODY),
    ),
)
