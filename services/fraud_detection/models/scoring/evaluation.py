"""What a model is worth on rows later than those it was made from. Which model is promoted is a person's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
)

from services.fraud_detection.models.scoring.calibration import Bools, Floats

CURVE_POINTS: Final = 60
BINS: Final = 20
FEWEST_OF_EACH: Final = 10
"""Below ten of each label, a type's AUC says more of chance than of the model."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """``brier`` and ``log_loss`` are None for a ranking that is no probability."""

    auc: float
    average_precision: float
    brier: float | None
    log_loss: float | None


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Test rows whose probability lies from ``low`` to ``high``: what was said and what was so."""

    low: float
    high: float
    rows: int
    mean_probability: float
    dishonest_share: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Treating all from ``threshold`` on as dishonest: the share of them that are, the share of cheats found."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class HistogramBin:
    low: float
    high: float
    honest: int
    dishonest: int


@dataclass(frozen=True, slots=True)
class ApprovalPoint:
    """If scores below ``approve_below`` are approved: how many claims, and how many of them are dishonest."""

    approve_below: float
    approved_share: float
    dishonest_among_approved: float


@dataclass(frozen=True, slots=True)
class TypeMetrics:
    """``auc`` and ``average_precision`` are None below FEWEST_OF_EACH rows of either label."""

    scam_type: str
    rows: int
    dishonest: int
    mean_probability: float
    auc: float | None
    average_precision: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything about one model on the test rows."""

    metrics: Metrics
    calibration: tuple[CalibrationBin, ...]
    curve: tuple[CurvePoint, ...]
    histogram: tuple[HistogramBin, ...]
    approvals: tuple[ApprovalPoint, ...]
    scam_types: tuple[TypeMetrics, ...]


def evaluate(probabilities: Floats, dishonest: Bools, scam_types: list[str]) -> Evaluation:
    """Measure ``probabilities`` of dishonesty against the truth; both labels must occur."""
    return Evaluation(
        metrics=measure(probabilities, dishonest, probabilities=True),
        calibration=_calibration(probabilities, dishonest),
        curve=_curve(probabilities, dishonest),
        histogram=_histogram(probabilities, dishonest),
        approvals=_approvals(probabilities, dishonest),
        scam_types=_by_type(probabilities, dishonest, np.array(scam_types)),
    )


def measure(scores: Floats, dishonest: Bools, *, probabilities: bool) -> Metrics:
    """The four numbers; the last two only where scores are probabilities."""
    return Metrics(
        auc=float(roc_auc_score(dishonest, scores)),
        average_precision=float(average_precision_score(dishonest, scores)),
        brier=float(brier_score_loss(dishonest, scores)) if probabilities else None,
        log_loss=float(log_loss(dishonest, scores)) if probabilities else None,
    )


def _calibration(probabilities: Floats, dishonest: Bools) -> tuple[CalibrationBin, ...]:
    """Ten bins with about as many rows in each; fixed widths would leave most of them empty."""
    order = np.argsort(probabilities, kind="stable")
    return tuple(
        CalibrationBin(
            low=float(probabilities[rows[0]]),
            high=float(probabilities[rows[-1]]),
            rows=len(rows),
            mean_probability=float(probabilities[rows].mean()),
            dishonest_share=float(dishonest[rows].mean()),
        )
        for rows in np.array_split(order, min(10, len(order)))
    )


def _curve(probabilities: Floats, dishonest: Bools) -> tuple[CurvePoint, ...]:
    precision, recall, thresholds = precision_recall_curve(dishonest, probabilities)
    chosen = np.unique(np.linspace(0, len(thresholds) - 1, CURVE_POINTS).round().astype(int))
    # Even steps of recall as well: the interesting end has few thresholds among thousands.
    by_recall = [int(np.abs(recall[:-1] - level).argmin()) for level in np.linspace(0, 1, CURVE_POINTS)]
    places = sorted({*chosen.tolist(), *by_recall})
    return tuple(CurvePoint(float(thresholds[i]), float(precision[i]), float(recall[i])) for i in places)


def _histogram(probabilities: Floats, dishonest: Bools) -> tuple[HistogramBin, ...]:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    honest, _ = np.histogram(probabilities[~dishonest], edges)
    cheats, _ = np.histogram(probabilities[dishonest], edges)
    return tuple(
        HistogramBin(float(low), float(high), int(good), int(bad))
        for low, high, good, bad in zip(edges[:-1], edges[1:], honest, cheats, strict=True)
    )


def _approvals(probabilities: Floats, dishonest: Bools) -> tuple[ApprovalPoint, ...]:
    points = []
    for threshold in (0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9):
        approved = probabilities < threshold
        among = float(dishonest[approved].mean()) if approved.any() else 0.0
        points.append(ApprovalPoint(threshold, float(approved.mean()), among))
    return tuple(points)


def _by_type(
    probabilities: Floats, dishonest: Bools, scam_types: np.ndarray[tuple[int], np.dtype[np.str_]]
) -> tuple[TypeMetrics, ...]:
    found = []
    for scam_type in sorted(set(scam_types.tolist())):
        rows = scam_types == scam_type
        positives = int(dishonest[rows].sum())
        enough = min(positives, int(rows.sum()) - positives) >= FEWEST_OF_EACH
        metrics = measure(probabilities[rows], dishonest[rows], probabilities=False) if enough else None
        found.append(
            TypeMetrics(
                scam_type=scam_type,
                rows=int(rows.sum()),
                dishonest=positives,
                mean_probability=float(probabilities[rows].mean()),
                auc=metrics.auc if metrics else None,
                average_precision=metrics.average_precision if metrics else None,
            )
        )
    return tuple(found)
