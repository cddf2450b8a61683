"""An approval above the person's authority waits for a second person: nothing is paid or told by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.decisions.domain.payable import Payable
from services.fraud_detection.reviews.domain.errors import ProposalWaits
from services.fraud_detection.reviews.store import assignments, leases, proposals
from services.fraud_detection.reviews.store.proposals import ProposalRow
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import DecisionId
from shared.values.money import Fen


def propose_approval(
    tx: Tx,
    claim: Claim,
    payable: Payable,
    *,
    proposal_id: DecisionId,
    refused_fen: Fen,
    clause: str | None,
    words: Mapping[str, bytes],
    proposed_by: str,
    now: datetime,
) -> ProposalRow:
    """Keep it, of a locked claim that waits for a person: the case is nobody's by name or lease any more.

    ``words`` as sealed_words gives them.
    """
    leases.give_back(tx, claim.claim_id)
    assignments.drop(tx, claim.claim_id)
    row = ProposalRow(
        proposal_id=proposal_id,
        claim_id=claim.claim_id,
        round=claim.round,
        version=claims.touch(tx, claim),
        proposed_by=proposed_by,
        proposed_at=now,
        amount_fen=payable.amount_fen,
        deductible_fen=payable.deductible_fen,
        event_deductible_fen=payable.event_deductible_fen,
        refused_fen=refused_fen,
        clause=clause,
        reasons=words.get("reasons"),
        reasons_en=words.get("reasons_en"),
    )
    proposals.add(tx, row)
    audit.record(
        tx,
        actor=proposed_by,
        action="claim.approval_proposed",
        subject=claim.claim_id,
        details={"decision_id": row.proposal_id, "clause": row.clause, "amount_fen": row.amount_fen},
        now=now,
    )
    return row


def require_no_proposal(tx: Tx, claim: Claim) -> None:
    """Refuse to decide beside a proposal that stands.

    Raises:
        ProposalWaits: one does.
    """
    if claim.claim_id in proposals.standing(tx, [claim.claim_id]):
        raise ProposalWaits(claim.claim_id)
