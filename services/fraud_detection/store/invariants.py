"""Queries that find what breaks an invariant. Each gives rows of ids; none if it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.fraud_detection.domain.claims import State
from shared.db.transaction import Tx

_ABOVE_COVER: Final = """
SELECT claims.policy_id, sum(decisions.amount_fen), limit_use.annual_limit_fen
FROM decisions JOIN claims USING (claim_id) LEFT JOIN limit_use USING (policy_id)
WHERE decisions.outcome = 'approved'
GROUP BY claims.policy_id, limit_use.annual_limit_fen, limit_use.reserved_fen
HAVING limit_use.annual_limit_fen IS NULL OR sum(decisions.amount_fen) > limit_use.annual_limit_fen
    OR sum(decisions.amount_fen) <> limit_use.reserved_fen"""
_ABOVE_LIABILITY: Final = """
SELECT claims.policy_id, claims.liability, sum(decisions.amount_fen), liability_use.annual_limit_fen
FROM decisions JOIN claims USING (claim_id)
LEFT JOIN liability_use ON liability_use.policy_id = claims.policy_id AND liability_use.liability = claims.liability
WHERE decisions.outcome = 'approved'
GROUP BY claims.policy_id, claims.liability, liability_use.annual_limit_fen, liability_use.reserved_fen
HAVING liability_use.annual_limit_fen IS NULL OR sum(decisions.amount_fen) > liability_use.annual_limit_fen
    OR sum(decisions.amount_fen) <> liability_use.reserved_fen"""
# Of the year's deductible a claim bears what its newest approval or refusal says; nothing else is used of it.
_DEDUCTIBLE_OTHERWISE: Final = """
SELECT policy_id, coalesce(borne.fen, 0), coalesce(limit_use.deductible_fen, 0)
FROM limit_use FULL JOIN (
    SELECT claims.policy_id, sum(newest.deductible_fen) AS fen
    FROM claims JOIN (
        SELECT DISTINCT ON (claim_id) claim_id, deductible_fen FROM decisions
        WHERE outcome IN ('approved', 'refused') ORDER BY claim_id, version DESC
    ) AS newest USING (claim_id)
    GROUP BY claims.policy_id
) AS borne USING (policy_id)
WHERE coalesce(borne.fen, 0) <> coalesce(limit_use.deductible_fen, 0)"""

# A decision is the one effect of each submission; the youngest may still be on their way.
_UNDECIDED: Final = """
SELECT claim_id, state FROM claims
WHERE state <> 'submitted' AND NOT EXISTS (
    SELECT FROM decisions WHERE decisions.claim_id = claims.claim_id AND decisions.round = claims.round)"""
_DECIDED_TWICE: Final = """
SELECT claim_id, round FROM decisions WHERE NOT by_person GROUP BY claim_id, round HAVING count(*) > 1
UNION ALL
SELECT claim_id, 0 FROM decisions WHERE outcome = 'approved' GROUP BY claim_id HAVING count(*) > 1"""

_NO_ORIGIN: Final = """
SELECT decision_id FROM decisions
WHERE rule_version = ''
   OR (NOT by_person AND outcome = 'approved' AND model_id IS NULL AND sandbox_value IS DISTINCT FROM 'approve')
   OR (NOT by_person AND model_id IS NULL AND outcome = 'review' AND coalesce(why, '') = 'score')
   OR NOT EXISTS (SELECT FROM claim_features
                  WHERE claim_features.claim_id = decisions.claim_id AND claim_features.round = decisions.round)"""

_REFUSED_AND_PAID: Final = """
SELECT claims.claim_id, claim_payouts.payout_id FROM claims JOIN claim_payouts USING (claim_id)
WHERE claims.state <> 'approved' AND claim_payouts.state IN ('scheduled', 'paid')"""
_PAID_OTHERWISE: Final = """
SELECT claim_payouts.claim_id, claim_payouts.payout_id FROM claim_payouts
WHERE NOT EXISTS (SELECT FROM decisions WHERE decisions.decision_id = claim_payouts.decision_id
                  AND decisions.outcome = 'approved' AND decisions.amount_fen = claim_payouts.amount_fen)"""

_REFUSED_BY_NOBODY: Final = """
SELECT decision_id FROM decisions
WHERE outcome = 'refused' AND NOT EXISTS (
    SELECT FROM audit_log WHERE audit_log.subject = decisions.claim_id::text
      AND audit_log.actor = decisions.decided_by AND audit_log.action = 'claim.refused')"""

_STEPS: Final = "SELECT DISTINCT from_state, to_state FROM claim_steps"
_STATE_WITHOUT_STEP: Final = """
SELECT claim_id, state FROM claims
WHERE state <> (SELECT to_state FROM claim_steps WHERE claim_steps.claim_id = claims.claim_id
                ORDER BY version DESC LIMIT 1)"""

# A policy whose enrollment came late is overwritten within moments; the hour is for one that is not.
_NOT_FORGOTTEN: Final = """
SELECT 'cover of policy ' || policy_id FROM coverage JOIN erased_policies USING (policy_id)
WHERE (get_byte(person_token, 0) <> 0 OR get_byte(phone_token, 0) <> 0 OR birth_year <> 0)
  AND (finished_at IS NOT NULL OR erased_at < clock_timestamp() - interval '1 hour')
UNION ALL
SELECT 'cover of policy ' || policy_id FROM coverage JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND person_token <> '\\x00'::bytea || uuid_send(policy_id)
UNION ALL
SELECT 'changed phone of policy ' || policy_id FROM coverage_phones JOIN erased_policies USING (policy_id)
UNION ALL
SELECT 'items of policy ' || policy_id FROM coverage_items JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL
UNION ALL
SELECT 'claim ' || claim_id FROM claims JOIN erased_policies USING (policy_id)
WHERE left(person_token, 2) <> '00' OR left(phone_token, 2) <> '00'
   OR device_token IS NOT NULL OR description IS NOT NULL
   OR (finished_at IS NOT NULL AND (left(payee_token, 2) <> '00'
       OR person_token <> '00' || replace(claim_id::text, '-', '')
       OR event_reference IS NOT NULL OR item_reference IS NOT NULL))
UNION ALL
SELECT 'appeal of claim ' || claim_id
FROM appeals JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND reason <> ''
UNION ALL
SELECT 'refusal of claim ' || claim_id
FROM decisions JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND reasons <> ''
UNION ALL
SELECT 'reply kept for ' || route || ' on claim ' || claim_id
FROM idempotency_keys JOIN claims ON claim_id::text = about JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL"""


def limits_exceeded(tx: Tx) -> list[str]:
    """Invariant 3: what was approved is what is reserved, within the annual limits of policy and liability, and what
    claims bore of the year's deductible is what is used of it.
    """
    return [
        *(f"policy {row[0]}: {row[1]} fen approved of {row[2]}" for row in tx.all(_ABOVE_COVER)),
        *(f"policy {row[0]}, {row[1]}: {row[2]} fen approved of {row[3]}" for row in tx.all(_ABOVE_LIABILITY)),
        *(
            f"policy {row[0]}: {row[1]} fen borne of the year's deductible, {row[2]} counted"
            for row in tx.all(_DEDUCTIBLE_OTHERWISE)
        ),
    ]


def submissions_without_one_decision(tx: Tx) -> list[str]:
    """Invariant 4: each submission that is past its decision has exactly one, and one approval at most."""
    return [
        *(f"claim {row[0]} is {row[1]} without a decision in its round" for row in tx.all(_UNDECIDED)),
        *(f"claim {row[0]} was decided twice (round {row[1]})" for row in tx.all(_DECIDED_TWICE)),
    ]


def decisions_without_origin(tx: Tx) -> list[str]:
    """Invariant 6: each decision names its rules, its features, and its model where one approved."""
    return [f"decision {row[0]} does not say what it rests on" for row in tx.all(_NO_ORIGIN)]


def refused_but_paid(tx: Tx) -> list[str]:
    """Invariant 7: money went only where a decision approved just that amount, and each refusal has its person."""
    return [
        *(f"claim {row[0]} is not approved, yet payout {row[1]} is under way" for row in tx.all(_REFUSED_AND_PAID)),
        *(f"payout {row[1]} of claim {row[0]} rests on no approval" for row in tx.all(_PAID_OTHERWISE)),
        *(f"refusal {row[0]} has no person in the audit trail" for row in tx.all(_REFUSED_BY_NOBODY)),
    ]


def illegal_steps(tx: Tx, legal: Iterable[tuple[State | None, State]]) -> list[str]:
    """Invariant 10: each step is one of ``legal``, and each claim is where its last step led."""
    allowed = set(legal)
    return [
        *(f"a claim went from {row[0]} to {row[1]}" for row in tx.all(_STEPS) if (row[0], row[1]) not in allowed),
        *(f"claim {row[0]} is {row[1]}, but no step led there" for row in tx.all(_STATE_WITHOUT_STEP)),
    ]


def not_forgotten(tx: Tx) -> list[str]:
    """Invariant 12: of an erased person nothing is left. That nobody's number stands in clear is shared's to check."""
    return [f"{row[0]} still holds what names an erased person" for row in tx.all(_NOT_FORGOTTEN)]
