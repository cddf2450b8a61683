"""Propose to put a model to work under thresholds: all gates are asked, and what each said is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from services.fraud_detection.models.domain import gates
from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion, ModelNotReady, UnknownModel
from services.fraud_detection.models.domain.features import compute
from services.fraud_detection.models.domain.gates import (
    AgainstChampion,
    ApprovalThresholds,
    Gate,
    GateBounds,
    MeasuredModel,
    NoComparison,
    ProbeOutcome,
)
from services.fraud_detection.models.scoring.comparing import MOST_ROWS, NotCompared, compare
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.probing import probe
from services.fraud_detection.models.scoring.signature import NOT_AS_TRAINED, ArtifactRefused, Signer
from services.fraud_detection.models.store import data_warnings, models, past_claims, promotions
from services.fraud_detection.models.store.models import Model
from services.fraud_detection.models.store.promotions import HistoryRow, PromotionProposal
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import ModelId
from shared.values.shapes import reshape


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person proposes: ``acknowledged`` are names of warnings that they have read."""

    thresholds: ApprovalThresholds
    acknowledged: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class SeenModel:
    """A model, and the registry's version before it was read: of what is put to work since, nothing was seen."""

    model: Model
    registry_version: int


def look_at(tx: Tx, model_id: ModelId) -> SeenModel:
    """The model; compare its version before ``propose``. Nothing is held: gates take seconds, and a rollback waits not.

    Raises:
        UnknownModel: there is none of that id.
    """
    version = promotions.registry_version(tx)
    model = models.find(tx, model_id)
    if model is None:
        raise UnknownModel(model_id)
    return SeenModel(model, version)


def propose(tx: Tx, seen: SeenModel, wish: Wish, *, signer: Signer, proposed_by: str, now: datetime) -> str:
    """The id of the proposal; one that did not pass a gate has ended already.

    Raises:
        ModelNotReady: its training has not ended well.
    """
    model = seen.model
    if model.state != "ready" or model.report is None:
        raise ModelNotReady(model.model_id, model.state)
    policy = promotions.policy(tx)
    results = asked(tx, model, wish, policy, signer)
    failed = not all(gate.passed for gate in results)
    proposal = PromotionProposal(
        proposal_id=new_id(),
        model_id=model.model_id,
        sha256=model.sha256 or "",
        registry_version=seen.registry_version,
        policy_number=policy.number,
        approve_below=wish.thresholds.approve_below,
        auto_approve_limit_fen=wish.thresholds.auto_approve_limit_fen,
        auto_approve_loss_limit_fen=wish.thresholds.auto_approve_loss_limit_fen,
        acknowledged=list(wish.acknowledged),
        reason=wish.reason,
        proposed_by=proposed_by,
        proposed_at=now,
        expires_at=now + timedelta(hours=policy.proposal_hours),
        ending="gates_failed" if failed else None,
        ended_by=proposed_by if failed else None,
        ended_at=now if failed else None,
        note=None,
    )
    promotions.propose(tx, proposal, results)
    before = models.promotion(tx, "champion")
    row = HistoryRow(
        what="gates_failed" if failed else "proposed",
        model_id=model.model_id,
        proposal_id=proposal.proposal_id,
        model_before=before.model_id if before else None,
        approve_below=proposal.approve_below,
        auto_approve_limit_fen=proposal.auto_approve_limit_fen,
        auto_approve_loss_limit_fen=proposal.auto_approve_loss_limit_fen,
        person=proposed_by,
        reason=wish.reason,
        at=now,
    )
    promotions.tell(tx, row)
    details: dict[str, str | int | None] = {
        "proposal_id": proposal.proposal_id,
        "gates_failed": ", ".join(gate.name for gate in results if not gate.passed) or None,
    }
    action = "model.promotion_proposed"
    audit.record(tx, actor=proposed_by, action=action, subject=model.model_id, details=details, now=now)
    return proposal.proposal_id


def asked(tx: Tx, model: Model, wish: Wish, policy: GateBounds, signer: Signer) -> list[Gate]:
    """What each gate says of the model now."""
    measured = msgspec.convert(model.report, MeasuredModel)
    opening = list(gates.opening(_outcome(tx, model.model_id, signer), policy))
    answers = all(gate.passed for gate in opening if gate.name != "latency")
    against = _against_champion(tx, model, signer) if answers else NoComparison("It does not open.", passed=False)
    return [
        gates.bounds(wish.thresholds, policy),
        *gates.quality(measured, policy),
        gates.warnings_acknowledged(
            [each.name for each in data_warnings.warnings_of(tx, model.model_id)], set(wish.acknowledged)
        ),
        *opening,
        gates.no_worse_than_champion(against, policy),
    ]


def _against_champion(tx: Tx, model: Model, signer: Signer) -> AgainstChampion | NoComparison:
    """Both on the newest fifth of the past claims that this model was made from, which it was not fit on."""
    champion = models.champion(tx)
    if champion is None:
        return NoComparison("No model is at work.", passed=True)
    if champion.model_id == model.model_id:
        return NoComparison("It is the champion.", passed=True)
    rows = past_claims.latest(tx, model.dataset_id, most=MOST_ROWS)
    vectors, dishonest = [compute(row.snapshot) for row in rows], [row.dishonest for row in rows]
    artifact = kept_artifact(tx, model.model_id)
    try:
        found = compare(artifact, kept_artifact(tx, champion.model_id), signer, vectors, dishonest)
    except ArtifactRefused as error:
        return NoComparison(error.sentence(), passed=error.model_id == champion.model_id)
    if isinstance(found, NotCompared):
        return NoComparison(f"Not compared: {found.reason}.", passed=not found.champion_opens)
    return reshape(found, AgainstChampion)


def _outcome(tx: Tx, model_id: ModelId, signer: Signer) -> ProbeOutcome:
    try:
        return ProbeOutcome(probe(kept_artifact(tx, model_id), signer))
    except MadeWithAnotherVersion as error:
        return ProbeOutcome(None, not_opened=error.sentence())
    except ArtifactRefused as error:
        if error.reason == NOT_AS_TRAINED:
            return ProbeOutcome(None, not_as_trained=error.sentence())
        return ProbeOutcome(None, not_opened=error.sentence())
