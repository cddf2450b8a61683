"""What this database can prove of itself about approvals by two persons: each query finds what breaks an invariant."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by

_WITHOUT_TWO: Final = """
SELECT 'approval ' || decision_id || ' does not have both its persons in proposal and audit trail' FROM decisions
WHERE proposed_by IS NOT NULL AND NOT EXISTS (
    SELECT FROM approval_proposals
    JOIN audit_log AS proposed ON proposed.action = 'claim.approval_proposed'
         AND proposed.subject = decisions.claim_id::text AND proposed.actor = decisions.proposed_by
    JOIN audit_log AS confirmed ON confirmed.action = 'claim.approved'
         AND confirmed.subject = decisions.claim_id::text AND confirmed.actor = decisions.decided_by
    WHERE proposal_id = decision_id AND ending = 'confirmed'
      AND (approval_proposals.proposed_by, ended_by) = (decisions.proposed_by, decisions.decided_by)
      AND approval_proposals.amount_fen = decisions.amount_fen)"""
_PAID_BY_NONE: Final = """
SELECT 'proposal ' || proposal_id || ' is confirmed, and no approval says so' FROM approval_proposals
WHERE ending = 'confirmed' AND NOT EXISTS (
    SELECT FROM decisions WHERE decision_id = proposal_id AND outcome = 'approved')"""

INVARIANTS: Final = (
    Invariant(7, "what two persons approve is paid by the word of both", found_by(_WITHOUT_TWO, _PAID_BY_NONE)),
)
