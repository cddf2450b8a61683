"""Models as the fraud team reads them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime

from services.fraud_detection.models.api.dataset_view import WarningView
from services.fraud_detection.models.domain.data_warnings import DataWarning
from services.fraud_detection.models.domain.training import Phase
from services.fraud_detection.models.store.models import Alias, Model, State
from shared.web.models import Identifier, ReplyModel, Sha256Hex


class MetricsView(ReplyModel):
    """Four numbers on the newest fifth of the past claims, which the model has not seen."""

    auc: float
    """The chance that a dishonest claim scores above an honest one; 0.5 is a coin."""
    average_precision: float
    brier: float | None
    """Mean squared error of the probability; lower is better."""
    log_loss: float | None


class CalibrationBinView(ReplyModel):
    low: float
    high: float
    rows: int
    mean_probability: float
    dishonest_share: float


class CurvePointView(ReplyModel):
    """If scores from `threshold` on count as dishonest."""

    threshold: float
    precision: float
    recall: float


class HistogramBinView(ReplyModel):
    low: float
    high: float
    honest: int
    dishonest: int


class ApprovalPointView(ReplyModel):
    """If scores below `approve_below` are approved without a person."""

    approve_below: float
    approved_share: float
    dishonest_among_approved: float


class ScamTypeView(ReplyModel):
    """One scam type; null where there are fewer than ten honest or dishonest claims."""

    scam_type: str
    rows: int
    dishonest: int
    mean_probability: float
    auc: float | None
    average_precision: float | None


class PartView(ReplyModel):
    """A stretch of time of the past claims."""

    rows: int
    dishonest: int
    begins: AwareDatetime
    ends: AwareDatetime


class ReportView(ReplyModel):
    """What to read before promoting a model."""

    algorithm: str
    library: str
    features: list[str]
    fit: PartView
    calibrate: PartView
    test: PartView
    metrics: MetricsView
    baselines: dict[str, MetricsView]
    """What the model must beat, on the same rows."""
    calibration: list[CalibrationBinView]
    curve: list[CurvePointView]
    """Precision and recall."""
    histogram: list[HistogramBinView]
    """Scores of the test rows."""
    approvals: list[ApprovalPointView]
    scam_types: list[ScamTypeView]


class ProgressView(ReplyModel):
    """How far a training is."""

    phase: Phase
    share: float
    """Of the phase, from 0 to 1."""


class ModelView(ReplyModel):
    """A model. `report` is null until it is ready, and in lists."""

    model_id: Identifier
    dataset_id: Identifier
    note: str
    state: State
    alias: Alias | None
    """`champion` decides claims now; `previous` is what a rollback returns to."""
    requested_by: str
    requested_at: AwareDatetime
    finished_at: AwareDatetime | None
    failure: str | None
    canceled_by: str | None
    attempts: int
    """How often its training was begun; the fourth that is killed is the last."""
    progress: ProgressView | None
    """Null unless it is in training."""
    sha256: Sha256Hex | None
    report: ReportView | None
    warnings: list[WarningView]
    """What is doubtful about its data: about its newest stretch first, then about its dataset. Empty in lists."""


def view(model: Model, warnings: Sequence[DataWarning] = ()) -> ModelView:
    """The report as it was written, with the evaluation's tables beside the rest."""
    shown = [WarningView.of(warning) for warning in warnings]
    progress = None if model.phase is None else ProgressView(phase=model.phase, share=model.share or 0.0)
    match model.report:
        case {"evaluation": tables, **rest}:
            return ModelView.of(model, report=rest | tables, progress=progress, warnings=shown)
        case _:
            return ModelView.of(model, progress=progress, warnings=shown)
