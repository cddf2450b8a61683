"""Datasets as the fraud team reads them."""

from __future__ import annotations

from pydantic import AwareDatetime

from services.fraud_detection.models.store.models import Alias, State
from services.fraud_detection.models.store.past_claims import Source
from shared.web.models import Identifier, ReplyModel, Sha256Hex


class DatasetView(ReplyModel):
    """Past claims as they were kept; none is ever changed."""

    dataset_id: Identifier
    uploaded_by: str
    uploaded_at: AwareDatetime
    source: Source
    """`upload`: a file that was handed in; `own_history`: what was decided here."""
    sha256: Sha256Hex
    """Of the body that was read."""
    feature_spec: str
    """Tells the list of features of the day it came; `unknown` for datasets from before it was kept."""
    rows: int
    dishonest: int
    """Rows whose claim turned out dishonest."""


class TrainedModelView(ReplyModel):
    """A model that was asked for on the dataset."""

    model_id: Identifier
    state: State
    alias: Alias | None
    requested_by: str
    requested_at: AwareDatetime


class DatasetDetailView(DatasetView):
    """A dataset with what was made of it."""

    models: list[TrainedModelView]
    """Newest first."""
