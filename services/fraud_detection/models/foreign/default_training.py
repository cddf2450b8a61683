"""The default training of any table: few candidates of boosting, chosen on later stretches of the rows to learn from.

What it may look at is decided by ``windows``; what its scores are worth on rows it never saw is ``evaluation``'s. Why
it is made this way, with figures: docs/decisions, "The default training drops what did not last".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from services.fraud_detection.models.foreign.columns import Feature
from services.fraud_detection.models.foreign.encoding import Matrix, for_boosting, for_logistic
from services.fraud_detection.models.reports.measures import auc, average_precision

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STEPS: Final = (40, 80, 120, 160, 240, 320)
"""Numbers of trees that are compared."""
MOST_SEARCHED: Final = 100_000
"""Rows that a search fits on, evenly spread; more change its choice no longer."""
GAIN: Final = 0.004
"""What a larger candidate must add to AUC + average precision: about the spread between seeds at 900 frauds."""
FEWEST_FOR_SEARCH: Final = 100
"""Frauds to learn from below which nothing is searched: the choice would be chance."""


FEWEST_IN_FOLD: Final = 10
"""Of each label, e.g. where most frauds are one group's."""


@dataclass(frozen=True, slots=True)
class BoostingSize:
    """One way to boost; the smaller one comes first."""

    leaves: int
    fewest_in_leaf: int
    rate: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What the search chose, and each (candidate, trees) with what it reached on the stretches left out."""

    candidate: BoostingSize
    trees: int
    tried: tuple[tuple[str, int, float, float], ...]


CANDIDATES: Final = (BoostingSize(6, 15, 0.05), BoostingSize(12, 20, 0.05), BoostingSize(31, 40, 0.06))


def choose(
    features: tuple[Feature, ...], learn: Integers, fraud: Bools, folds: Integers, *, seed: int, jobs: int, fits: int
) -> Choice:
    """The candidate and the number of trees that did best on each stretch when fit on the others.

    ``folds`` gives the stretch of each of ``learn``; at most ``fits`` fits are made (the stated budget).
    """
    stretches = int(folds.max()) + 1
    candidates = CANDIDATES[: max(1, min(len(CANDIDATES), fits // max(1, stretches)))]
    frauds, rows = np.bincount(folds, fraud[learn]), np.bincount(folds)
    told = min(frauds.min(), (rows - frauds).min()) >= FEWEST_IN_FOLD and frauds.sum() >= FEWEST_FOR_SEARCH
    if stretches < 2 or not told or fits < stretches:  # noqa: PLR2004
        return Choice(CANDIDATES[0], 80, ())
    spread = np.linspace(0, len(learn) - 1, min(len(learn), MOST_SEARCHED)).astype(int)
    learn, folds = learn[spread], folds[spread]
    tasks = [(candidate, fold) for candidate in candidates for fold in range(stretches)]
    matrices = [for_boosting(features, learn[folds != one], learn[folds == one], fraud) for one in range(stretches)]
    results = Parallel(n_jobs=jobs)(
        delayed(_steps)(candidate, matrices[fold], fraud[learn[folds != fold]], fraud[learn[folds == fold]], seed)
        for candidate, fold in tasks
    )
    tried = []
    for candidate in candidates:
        of_it = [result for (each, _), result in zip(tasks, results, strict=True) if each == candidate]
        means = np.mean(np.array(of_it), axis=0)
        tried += [(candidate, trees, float(a), float(p)) for trees, (a, p) in zip(STEPS, means, strict=True)]
    best = tried[0]
    for each in tried:
        if each[2] + each[3] > best[2] + best[3] + (GAIN if each[0] != best[0] else 0.0):
            best = each
    return Choice(best[0], best[1], tuple((f"{each.leaves} leaves", trees, a, p) for each, trees, a, p in tried))


def _steps(candidate: BoostingSize, matrix: Matrix, fraud: Bools, truth: Bools, seed: int) -> list[tuple[float, float]]:
    with threadpool_limits(1):
        model = _boosting(candidate, STEPS[-1], matrix, seed).fit(matrix.learn, fraud)
        found = []
        for trees, raw in enumerate(model.staged_decision_function(matrix.score), 1):
            if trees in STEPS:
                scores = np.asarray(raw, float).ravel()
                found.append((auc(scores, truth), average_precision(scores, truth)))
    return found


def _boosting(candidate: BoostingSize, trees: int, matrix: Matrix, seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=candidate.rate,
        max_iter=trees,
        max_leaf_nodes=candidate.leaves,
        min_samples_leaf=candidate.fewest_in_leaf,
        max_features=0.5 if matrix.learn.shape[1] > 3 else 1.0,  # noqa: PLR2004
        categorical_features=list(matrix.categories) or None,
        early_stopping=False,
        random_state=seed,
    )


def members_for(rows: int) -> int:
    """How many models are averaged: the spread between seeds matters where rows are few."""
    return 8 if rows <= 50_000 else 4 if rows <= 300_000 else 2  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Averaged:
    """Boostings that differ by their seed alone; their mean raw score (log-odds) counts."""

    members: tuple[Any, ...]

    def raw(self, matrix: Floats) -> Floats:
        """The mean raw score of rows of the matrix."""
        with threadpool_limits(1):
            total = np.zeros(len(matrix))
            for member in self.members:
                total += member.decision_function(matrix)
        return total / len(self.members)


def fit(choice: Choice, matrix: Matrix, fraud: Bools, *, seed: int, jobs: int) -> Averaged:
    """The model of a choice; the same rows, choice and seed give the same model, on any number of jobs."""
    members = Parallel(n_jobs=jobs)(
        delayed(_member)(choice, matrix, fraud, seed * 1000 + place) for place in range(members_for(len(fraud)))
    )
    return Averaged(tuple(members))


def _member(choice: Choice, matrix: Matrix, fraud: Bools, seed: int) -> Any:
    with threadpool_limits(1):
        return _boosting(choice.candidate, choice.trees, matrix, seed).fit(matrix.learn, fraud)


def logistic(matrix: Matrix, fraud: Bools) -> Floats:
    """The raw scores that the readable challenger gives to the rows to score."""
    learn, score = for_logistic(matrix)
    with threadpool_limits(1):
        model = LogisticRegression(C=0.1, max_iter=500).fit(learn, fraud)
        found: Floats = model.decision_function(score)
    return found
