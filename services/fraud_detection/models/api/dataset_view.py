"""Datasets as the fraud team reads them."""

from __future__ import annotations

from typing import Any

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


class WarningView(ReplyModel):
    """What is doubtful about data. A person acknowledges it by its name."""

    name: str
    text_zh: str
    text_en: str
    details: dict[str, Any]
    """The numbers behind it."""


class FieldProfileView(ReplyModel):
    """One input or feature; null where no row tells it."""

    name: str
    missing: int
    constant: bool
    """All rows tell the same of it."""
    minimum: float | None
    maximum: float | None
    mean: float | None
    quantiles: list[float]
    """At 5, 25, 50, 75 and 95 %, of the sampled rows."""
    auc: float | None
    """How well it alone tells the label: 0.5 not at all, 1.0 always. Null for inputs and with too few of a label."""
    psi: float | None
    """How far its values moved between the stretches (population stability index). Null as above."""


class MonthView(ReplyModel):
    """A month of submission, e.g. `2026-03`."""

    month: str
    rows: int
    dishonest: int


class StretchView(ReplyModel):
    """A stretch of time: the oldest claims fit a model, the next calibrate it, the newest test it."""

    rows: int
    dishonest: int
    begins: AwareDatetime
    ends: AwareDatetime


class SharedRowsView(ReplyModel):
    dataset_id: Identifier
    rows: int


class CopiesView(ReplyModel):
    """Rows that are there more than once, whatever their label."""

    repeated: int
    """How many could be left out."""
    contradicting: int
    """Contents that are labelled both ways."""
    elsewhere: int
    """Rows that other datasets have too."""
    shared: list[SharedRowsView]
    """The datasets with most of them."""


class ProfileView(ReplyModel):
    """What a dataset looks like. `sampled` rows gave quantiles, `auc` and `psi`; all rows gave the rest."""

    rows: int
    sampled: int
    fields: list[FieldProfileView]
    months: list[MonthView]
    stretches: list[StretchView]
    copies: CopiesView
    ahead: int
    """Claims later than their upload."""
    long_past: int
    """Claims more than ten years before it."""
    odd_ages: int
    """Claimants below eight or above a hundred."""


class DatasetDetailView(DatasetView):
    """A dataset with what was made of it."""

    models: list[TrainedModelView]
    """Newest first."""
    profile: ProfileView | None
    """Null until the trainer has made it, within seconds for small files."""
    warnings: list[WarningView]
    """What is doubtful about it; empty until it is profiled."""
