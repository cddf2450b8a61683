"""Call off a model that is not ready yet, by a named person. A trainer that is at it notices within seconds."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.models.domain.errors import ModelIsOver, UnknownModel
from services.fraud_detection.models.store import models
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ModelId


def cancel_model(tx: Tx, model_id: ModelId, *, reason: str, canceled_by: str, now: datetime) -> None:
    """From then on nobody trains it.

    Raises:
        UnknownModel: there is none of that id.
        ModelIsOver: it is ready, failed or canceled already.
    """
    canceled = models.cancel(tx, model_id, canceled_by, now)
    model = models.find(tx, model_id)
    if model is None:
        raise UnknownModel(model_id)
    if not canceled:
        raise ModelIsOver(model_id, model.state)
    details = {"reason": reason}
    audit.record(tx, actor=canceled_by, action="model.canceled", subject=model_id, details=details, now=now)
