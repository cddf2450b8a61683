"""Features to the matrix that boosting reads, and to the one that logistic regression reads.

What is learned for it (which categories are frequent, their shares of fraud) comes from the rows to learn from alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.foreign.columns import Feature
from services.fraud_detection.models.foreign.stability import Unstable, instability

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_NATIVE: Final = 200
"""Categories that boosting takes as they are (its bound is 255); the rarer ones are one."""
MANY: Final = 40
"""From that many categories on, their share of fraud is a column of its own."""
FOLDS: Final = 5
WEIGHT: Final = 20.0
"""Rows of average honesty that are added to each category, so that a rare one says little."""
_BINS: Final = 10
_ONE_HOT: Final = 30


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows to learn from and rows to score, with which columns are categories and whose column each is."""

    learn: Floats
    score: Floats
    categories: tuple[int, ...]
    sources: tuple[str, ...]


def levels(feature: Feature, rows: Integers) -> Integers:
    """The feature as few levels from 0 on: its categories, or ten bins; missing is a level."""
    if feature.codes is not None:
        codes = feature.codes[rows].astype(np.int64)
        return np.unique(codes, return_inverse=True)[1].astype(np.int64)
    assert feature.numbers is not None  # noqa: S101  either one is there
    values = feature.numbers[rows]
    different = np.unique(values[~np.isnan(values)])
    if len(different) > 2 * _BINS:
        different = np.unique(np.nanquantile(values, np.linspace(0, 1, _BINS + 1))[1:-1])
    binned = np.searchsorted(different, values, side="right")
    return np.unique(np.where(np.isnan(values), -1, binned), return_inverse=True)[1].astype(np.int64)


def unstable(features: tuple[Feature, ...], learn: Integers, fraud: Bools, stretch: Integers) -> tuple[Unstable, ...]:
    """The features whose relation to fraud did not hold among the rows to learn from."""
    found = [instability(each.name, levels(each, learn), fraud[learn], stretch) for each in features]
    return tuple(each for each in found if each is not None)


def for_boosting(features: tuple[Feature, ...], learn: Integers, score: Integers, fraud: Bools) -> Matrix:
    """Numbers as they are (missing is NaN), categories by their rank of frequency, many categories by share too."""
    left: list[Floats] = []
    right: list[Floats] = []
    categories: list[int] = []
    sources: list[str] = []
    for feature in features:
        if feature.codes is None:
            assert feature.numbers is not None  # noqa: S101  either one is there
            empty = bool(np.isnan(feature.numbers[learn]).all())  # boosting asks for one value at least
            left.append(np.zeros(len(learn)) if empty else feature.numbers[learn])
            right.append(np.zeros(len(score)) if empty else feature.numbers[score])
            sources.append(feature.source)
            continue
        ranks = _ranks(feature, learn)
        categories.append(len(left))
        left.append(ranks[feature.codes[learn]])
        right.append(ranks[feature.codes[score]])
        sources.append(feature.source)
        if feature.words > MANY:
            codes = feature.codes.astype(np.int64)
            inside, outside = _shares(codes[learn], codes[score], fraud[learn], feature.words)
            left.append(inside)
            right.append(outside)
            sources.append(feature.source)
    return Matrix(np.column_stack(left), np.column_stack(right), tuple(categories), tuple(sources))


def _ranks(feature: Feature, learn: Integers) -> Floats:
    """By code: its rank of frequency, the rare ones' common rank, NaN for missing and for what was never seen."""
    assert feature.codes is not None  # noqa: S101  the caller asked
    seen = feature.codes[learn]
    counts = np.bincount(seen[seen >= 0], minlength=feature.words)
    ranks = np.full(feature.words + 1, np.nan)
    frequent = np.argsort(-counts, kind="stable")
    ranks[frequent] = np.minimum(np.arange(len(frequent)), MOST_NATIVE)
    ranks[:-1][counts == 0] = np.nan
    return ranks


def _shares(learn: Integers, score: Integers, fraud: Bools, words: int) -> tuple[Floats, Floats]:
    """Log-odds of each row's category: for rows to learn from out of the other fifths of them (in their order)."""
    fold = np.arange(len(learn)) * FOLDS // len(learn)
    inside = np.empty(len(learn))
    for one in range(FOLDS):
        here = fold == one
        inside[here] = _log_odds(learn[~here], fraud[~here], words)[learn[here]]
    return inside, _log_odds(learn, fraud, words)[score]


def _log_odds(codes: Integers, fraud: Bools, words: int) -> Floats:
    overall = min(max(float(fraud.mean()), 1e-6), 1 - 1e-6)
    seen = codes >= 0
    rows = np.bincount(codes[seen], minlength=words)
    frauds = np.bincount(codes[seen], fraud[seen], minlength=words)
    share = (frauds + WEIGHT * overall) / (rows + WEIGHT)
    return np.append(np.log(share / (1 - share)), np.nan)


def for_logistic(matrix: Matrix) -> tuple[Floats, Floats]:
    """The same columns for a linear model: standardized numbers with a mark for missing, one column per category."""
    left: list[Floats] = []
    right: list[Floats] = []
    for place in range(matrix.learn.shape[1]):
        learn, score = matrix.learn[:, place], matrix.score[:, place]
        if place in matrix.categories:
            for rank in range(min(_ONE_HOT, int(np.nanmax(learn, initial=0)) + 1)):
                left.append((learn == rank).astype(float))
                right.append((score == rank).astype(float))
            continue
        known = learn[~np.isnan(learn)]
        middle, spread = (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)
        for target, values in ((left, learn), (right, score)):
            target.append(np.clip(np.where(np.isnan(values), 0.0, (values - middle) / spread), -10, 10))
            if np.isnan(learn).any():
                target.append(np.isnan(values).astype(float))
    return np.column_stack(left), np.column_stack(right)
