"""Return to the promotion before, with its thresholds, by a named person."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.models.domain.errors import NothingToRollBackTo
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.probing import probe
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.store import models, promotions
from services.fraud_detection.models.store.promotions import HistoryRow
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ModelId


def roll_back_model(tx: Tx, *, reason: str, signer: Signer, rolled_back_by: str, now: datetime) -> ModelId:
    """The model that is champion again.

    It happens once for each promotion: of two people who press the button, the second must not undo the first.

    Raises:
        NothingToRollBackTo: nothing was promoted before, or it was rolled back already.
        ArtifactRefused, MadeWithAnotherVersion: the model before does not open here.
    """
    models.lock_registry(tx)
    champion, previous = models.promotion(tx, "champion"), models.promotion(tx, "previous")
    if champion is None or previous is None:
        raise NothingToRollBackTo
    probe(kept_artifact(tx, previous.model_id), signer)
    models.point(tx, "champion", previous.number)
    models.drop_alias(tx, "previous")
    models.change_registry(tx)
    row = HistoryRow(
        what="rolled_back",
        model_id=previous.model_id,
        proposal_id=None,
        model_before=champion.model_id,
        approve_below=previous.approve_below,
        auto_approve_limit_fen=previous.auto_approve_limit_fen,
        auto_approve_loss_limit_fen=previous.auto_approve_loss_limit_fen,
        person=rolled_back_by,
        reason=reason,
        at=now,
    )
    promotions.tell(tx, row)
    details = {"reason": reason, "model_before": champion.model_id}
    audit.record(
        tx, actor=rolled_back_by, action="model.rolled_back", subject=previous.model_id, details=details, now=now
    )
    return previous.model_id
