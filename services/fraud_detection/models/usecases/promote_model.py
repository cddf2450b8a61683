"""Put a model to work under thresholds, by a named person. Every process sees it with the next claim it decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.fraud_detection.models.domain.errors import ModelNotReady, UnknownModel
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.probing import probe
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.store import models
from services.fraud_detection.models.store.models import Model
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class ScoringPolicy:
    """Claims with a score below ``approve_below`` and amounts up to the limits need no person: what would be paid, and
    what was claimed. ``reason`` is kept.
    """

    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    reason: str


def lock_model(tx: Tx, model_id: ModelId) -> Model:
    """The model, while nobody else promotes or rolls back: compare its version before ``promote``.

    Raises:
        UnknownModel: there is none of that id.
    """
    models.lock_registry(tx)
    model = models.find(tx, model_id)
    if model is None:
        raise UnknownModel(model_id)
    return model


def promote(tx: Tx, model: Model, policy: ScoringPolicy, *, signer: Signer, promoted_by: str, now: datetime) -> None:
    """Make a locked ``model`` the champion; the one before stays at hand for a rollback.

    Raises:
        ModelNotReady: its training has not ended well.
        ArtifactRefused: its bytes or signature are not as training left them, or it does not open.
        MadeWithAnotherVersion: the libraries here do not open it.
    """
    if model.state != "ready":
        raise ModelNotReady(model.model_id, model.state)
    probe(kept_artifact(tx, model.model_id), signer)
    before = models.promotion(tx, "champion")
    number = models.add_promotion(
        tx,
        model.model_id,
        approve_below=policy.approve_below,
        auto_approve_limit_fen=policy.auto_approve_limit_fen,
        auto_approve_loss_limit_fen=policy.auto_approve_loss_limit_fen,
        reason=policy.reason,
        promoted_by=promoted_by,
        now=now,
    )
    models.point(tx, "champion", number)
    if before is not None:
        models.point(tx, "previous", before.number)
    models.change_registry(tx)
    details: dict[str, str | int | None] = {
        "sha256": model.sha256,
        "approve_below": str(policy.approve_below),
        "auto_approve_limit_fen": policy.auto_approve_limit_fen,
        "auto_approve_loss_limit_fen": policy.auto_approve_loss_limit_fen,
        "reason": policy.reason,
        "model_before": before.model_id if before else None,
    }
    audit.record(tx, actor=promoted_by, action="model.promoted", subject=model.model_id, details=details, now=now)
