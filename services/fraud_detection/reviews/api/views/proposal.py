"""An approval that waits, or waited, for a second person, as staff see it."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.store import transfers
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.filing.api.transfer_decisions import TransferDecisionView, transfer_decisions
from services.fraud_detection.reviews.store import proposals
from services.fraud_detection.reviews.store.proposals import Ending, ProposalRow
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel


class ProposalSummary(ReplyModel):
    """What one person proposed to approve and a second one has to confirm. The resident knows nothing of it."""

    proposal_id: str
    """The decision has this id once it is confirmed."""
    claim_id: str
    proposed_by: str
    proposed_at: datetime
    amount_fen: int
    """What would be paid."""


class ProposalView(ProposalSummary):
    """With its words and what became of it."""

    deductible_fen: int
    event_deductible_fen: int
    refused_fen: int
    """What of the loss would not be accepted."""
    transfers: list[TransferDecisionView]
    """What was said of single transfers; empty where nothing was."""
    clause: str | None
    reasons_zh: str
    """As `reasons_en`, empty where none were given or the person was erased."""
    reasons_en: str
    same_reference: list[int]
    """Lines to be paid that somebody said to be other transfers than those of the same reference at another claim: for
    these it takes two persons, whatever their authority."""
    stands: bool
    """Whether it waits for a second person; where the claim changed since, it does not."""
    ending: Ending | None
    ended_by: str | None
    ended_at: datetime | None
    note: str
    """Why it was sent back."""


def proposal_view(tx: Tx, row: ProposalRow, personal_data: PersonalData, *, stands: bool) -> ProposalView:
    def opened(sealed: bytes | None, field: str) -> str:
        return personal_data.open(tx, sealed, row.claim_id, field) if sealed else ""

    of_transfers = transfer_decisions(tx, [row.proposal_id], personal_data).get(row.proposal_id, [])
    left_out = {each.line for each in of_transfers if not each.accepted}
    return ProposalView.of(
        row,
        same_reference=[line for line in transfers.apart_by_word(tx, row.claim_id) if line not in left_out],
        reasons_zh=opened(row.reasons, "reasons"),
        reasons_en=opened(row.reasons_en, "reasons_en"),
        note=opened(row.note, f"proposal {row.proposal_id}"),
        stands=stands,
        transfers=of_transfers,
    )


def proposals_of(tx: Tx, claim_id: ClaimId, personal_data: PersonalData) -> list[ProposalView]:
    """The oldest first."""
    standing = proposals.standing(tx, [claim_id]).get(claim_id)
    return [
        proposal_view(tx, row, personal_data, stands=standing is not None and row.proposal_id == standing.proposal_id)
        for row in proposals.of_claim(tx, claim_id)
    ]
