"""What scores are worth against the truth, by numpy alone: a process that only shows reports loads no scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.str_]

FEWEST_OF_EACH: Final = 10
"""Of each label in a group: with fewer, a number says more of chance than of the group."""
FALSE_ALARMS: Final = 0.05
RESAMPLES: Final = 300
MOST_POINTS: Final = 200
_MOST_RESAMPLED: Final = 20_000_000
"""Rows drawn for one interval: a large table needs fewer resamples, its interval being narrow."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the middle 95 % of what resampled rows gave for it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PrecisionPoint:
    """Of the rows from a score on: the share that is fraud, and the share of all fraud among them."""

    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """If the ``rows`` with the highest scores (``share`` of all) are reviewed."""

    share: float
    rows: int
    frauds: int
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """A threshold that was chosen on other rows, and what it does on these."""

    threshold: float
    flagged: int
    recall: float
    false_alarms: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Rows of neighboring probabilities: what was said on average, and what was so."""

    rows: int
    said: float
    was: float


@dataclass(frozen=True, slots=True)
class Slice:
    """One value of a column. ``too_small`` groups, below FEWEST_OF_EACH of a label, have no number but their size."""

    column: str
    value: str
    rows: int
    too_small: bool
    frauds: int | None
    auc: float | None
    average_precision: float | None
    recall: float | None
    false_alarms: float | None


def auc(scores: Floats, fraud: Bools) -> float:
    """The chance that a fraud scores above an honest row, ties counting half; both must occur."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    positives = int(fraud.sum())
    return float((ranks[fraud].sum() - positives * (positives + 1) / 2) / (positives * (len(fraud) - positives)))


def average_precision(scores: Floats, fraud: Bools) -> float:
    """The sum of precision times the rise of recall, rows of one score taken together."""
    found, flagged = _running(scores, fraud)
    recall = found / found[-1]
    return float((np.diff(recall, prepend=0.0) * found / flagged).sum())


def _running(scores: Floats, fraud: Bools) -> tuple[Floats, Floats]:
    """Frauds and rows at or above each different score, the highest first."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    return np.cumsum(fraud[order])[ends].astype(float), (ends + 1).astype(float)


def bootstrap(measure: Callable[[Floats, Bools], float], scores: Floats, fraud: Bools, seed: int) -> Interval:
    """``measure`` with the middle 95 % of it over resampled rows (each label drawn by itself)."""
    draw = np.random.default_rng(seed)
    positives, negatives = np.flatnonzero(fraud), np.flatnonzero(~fraud)
    times = max(50, min(RESAMPLES, _MOST_RESAMPLED // len(scores)))
    values = []
    for _ in range(times):
        rows = np.concatenate([draw.choice(positives, len(positives)), draw.choice(negatives, len(negatives))])
        values.append(measure(scores[rows], fraud[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(measure(scores, fraud), float(low), float(high))


def precision_curve(scores: Floats, fraud: Bools) -> tuple[PrecisionPoint, ...]:
    """At most MOST_POINTS points of the precision-recall curve, at even steps of recall."""
    found, flagged = _running(scores, fraud)
    recall = found / found[-1]
    places = np.unique(np.searchsorted(recall, np.linspace(recall[0], 1.0, MOST_POINTS)).clip(0, len(recall) - 1))
    return tuple(PrecisionPoint(float(recall[i]), float(found[i] / flagged[i])) for i in places)


def at_capacity(scores: Floats, fraud: Bools, share: float) -> AtCapacity:
    """What reviewers find who read that share of rows, the highest scores first."""
    rows = max(1, round(share * len(scores)))
    chosen = np.argsort(-scores, kind="stable")[:rows]
    frauds = int(fraud[chosen].sum())
    return AtCapacity(share, rows, frauds, frauds / rows, frauds / int(fraud.sum()))


def threshold_for(scores: Floats, fraud: Bools, false_alarms: float = FALSE_ALARMS) -> float:
    """The lowest score from which on at most that share of honest rows is flagged."""
    honest = np.sort(scores[~fraud])[::-1]
    allowed = int(false_alarms * len(honest))
    if allowed >= len(honest):
        return float(honest[-1])
    above = scores[scores > honest[allowed]]
    return float(above.min()) if len(above) else float(np.nextafter(honest[allowed], np.inf))


def at_threshold(scores: Floats, fraud: Bools, threshold: float) -> AtThreshold:
    """What a threshold does on these rows."""
    flagged = scores >= threshold
    found = int((flagged & fraud).sum())
    return AtThreshold(
        threshold=threshold,
        flagged=int(flagged.sum()),
        recall=found / int(fraud.sum()),
        false_alarms=float(flagged[~fraud].mean()),
        precision=found / int(flagged.sum()) if flagged.any() else None,
    )


def reliability(probabilities: Floats, fraud: Bools, bins: int = 10) -> tuple[Reliability, ...]:
    """Bins of about as many rows each, from the lowest probability to the highest."""
    order = np.argsort(probabilities, kind="stable")
    return tuple(
        Reliability(len(rows), float(probabilities[rows].mean()), float(fraud[rows].mean()))
        for rows in np.array_split(order, min(bins, len(order)))
    )


def brier(probabilities: Floats, fraud: Bools) -> float:
    """The mean square of probability less truth."""
    return float(((probabilities - fraud) ** 2).mean())


def log_loss(probabilities: Floats, fraud: Bools) -> float:
    """The mean surprise, in nats."""
    said = np.clip(np.where(fraud, probabilities, 1 - probabilities), 1e-15, None)
    return float(-np.log(said).mean())


def slices(column: str, values: Words, scores: Floats, fraud: Bools, threshold: float) -> tuple[Slice, ...]:
    """The figures of each value of a column, e.g. of each age band."""
    found = []
    for value in sorted(set(values.tolist())):
        rows = values == value
        positives = int(fraud[rows].sum())
        if min(positives, int(rows.sum()) - positives) < FEWEST_OF_EACH:
            found.append(Slice(column, value, int(rows.sum()), True, None, None, None, None, None))
            continue
        here = at_threshold(scores[rows], fraud[rows], threshold)
        ranking, precision = auc(scores[rows], fraud[rows]), average_precision(scores[rows], fraud[rows])
        size = int(rows.sum())
        found.append(Slice(column, value, size, False, positives, ranking, precision, here.recall, here.false_alarms))
    return tuple(found)
