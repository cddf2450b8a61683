"""What a second person does with a proposed promotion: puts the model to work, or rejects it.

Every process sees a promotion with the next claim it decides.
"""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.models.domain.errors import (
    AnotherPersonPromotes,
    GateNotPassed,
    PromotionProposalEnded,
    PromotionProposalOutdated,
    UnknownPromotionProposal,
)
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.probing import probe
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.store import models, promotions
from services.fraud_detection.models.store.promotions import HistoryRow, PromotionProposal, What
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ModelId


def confirm(tx: Tx, proposal_id: str, *, note: str, signer: Signer, confirmed_by: str, now: datetime) -> None:
    """Make the proposed model the champion; the one before stays at hand for a rollback.

    Raises:
        UnknownPromotionProposal: there is none of that id.
        AnotherPersonPromotes: the same person proposed it.
        GateNotPassed: one of the gates failed when it was proposed.
        PromotionProposalEnded: it was confirmed or rejected before, or nobody did so in time.
        PromotionProposalOutdated: the champion or the policy is another one by now.
        ArtifactRefused, MadeWithAnotherVersion: the model does not open, here and now.
    """
    proposal = _open(tx, proposal_id, now)
    if proposal.proposed_by == confirmed_by:
        raise AnotherPersonPromotes(proposal.model_id)
    now_in_force = (promotions.registry_version(tx), promotions.policy(tx).number)
    artifact = kept_artifact(tx, proposal.model_id)
    if now_in_force != (proposal.registry_version, proposal.policy_number) or artifact.sha256 != proposal.sha256:
        raise PromotionProposalOutdated(proposal_id)
    probe(artifact, signer)
    before = models.promotion(tx, "champion")
    number = models.add_promotion(tx, proposal, promoted_by=confirmed_by, now=now)
    models.point(tx, "champion", number)
    if before is not None:
        models.point(tx, "previous", before.number)
    models.change_registry(tx)
    promotions.end(tx, proposal_id, "confirmed", by=confirmed_by, note=note, now=now)
    _tell(tx, proposal, "confirmed", before.model_id if before else None, person=confirmed_by, reason=note, now=now)
    details: dict[str, str | int | None] = {
        "proposal_id": proposal_id,
        "proposed_by": proposal.proposed_by,
        "sha256": proposal.sha256,
        "approve_below": str(proposal.approve_below),
        "auto_approve_limit_fen": proposal.auto_approve_limit_fen,
        "auto_approve_loss_limit_fen": proposal.auto_approve_loss_limit_fen,
        "reason": proposal.reason,
        "model_before": before.model_id if before else None,
    }
    audit.record(tx, actor=confirmed_by, action="model.promoted", subject=proposal.model_id, details=details, now=now)


def reject(tx: Tx, proposal_id: str, *, note: str, rejected_by: str, now: datetime) -> None:
    """End an open proposal; who made it may take it back so too.

    Raises:
        UnknownPromotionProposal, GateNotPassed, PromotionProposalEnded: as of ``confirm``.
    """
    proposal = _open(tx, proposal_id, now)
    promotions.end(tx, proposal_id, "rejected", by=rejected_by, note=note, now=now)
    champion = models.promotion(tx, "champion")
    before = champion.model_id if champion else None
    _tell(tx, proposal, "rejected", before, person=rejected_by, reason=note, now=now)
    details = {"proposal_id": proposal_id, "reason": note}
    action = "model.promotion_rejected"
    audit.record(tx, actor=rejected_by, action=action, subject=proposal.model_id, details=details, now=now)


def _open(tx: Tx, proposal_id: str, now: datetime) -> PromotionProposal:
    """The proposal, while nobody else ends one."""
    models.lock_registry(tx)
    proposal = promotions.proposal(tx, proposal_id)
    if proposal is None:
        raise UnknownPromotionProposal(proposal_id)
    if proposal.ending == "gates_failed":
        failed = [f"{gate.name}: {gate.told}" for gate in promotions.gates(tx, proposal_id) if not gate.passed]
        raise GateNotPassed(" ".join(failed))
    if proposal.ending is not None:
        raise PromotionProposalEnded(proposal_id, proposal.ending)
    if proposal.expires_at <= now:
        raise PromotionProposalEnded(proposal_id, "expired")
    return proposal


def _tell(
    tx: Tx,
    proposal: PromotionProposal,
    what: What,
    model_before: ModelId | None,
    *,
    person: str,
    reason: str,
    now: datetime,
) -> None:
    row = HistoryRow(
        what=what,
        model_id=proposal.model_id,
        proposal_id=proposal.proposal_id,
        model_before=model_before,
        approve_below=proposal.approve_below,
        auto_approve_limit_fen=proposal.auto_approve_limit_fen,
        auto_approve_loss_limit_fen=proposal.auto_approve_loss_limit_fen,
        person=person,
        reason=reason,
        at=now,
    )
    promotions.tell(tx, row)
