"""Ask for a model. The trainer makes it, see train_model."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.models.domain.errors import UnknownDataset
from services.fraud_detection.models.store import models, past_claims
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import ModelId


def request_model(tx: Tx, dataset_id: str, note: str, *, requested_by: str, now: datetime) -> ModelId:
    """Queue a model to be trained on a dataset.

    Raises:
        UnknownDataset: there is none of that id.
    """
    if not past_claims.exists(tx, dataset_id):
        raise UnknownDataset(dataset_id)
    model_id = ModelId(new_id())
    models.queue(tx, model_id, dataset_id, note, requested_by=requested_by, requested_at=now)
    details = {"dataset_id": dataset_id}
    audit.record(tx, actor=requested_by, action="model.requested", subject=model_id, details=details, now=now)
    return model_id
