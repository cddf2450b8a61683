"""From a spec and a table to a report: split, train, measure once on the test window. Showing it is ``pages``'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import sklearn

from services.fraud_detection.models.foreign import default_training as training
from services.fraud_detection.models.foreign.columns import Feature, LeftOut, Prepared, groups_of, prepare
from services.fraud_detection.models.foreign.encoding import Matrix, for_boosting, levels, unstable
from services.fraud_detection.models.foreign.spec import FeatureSpec, TimeSplit
from services.fraud_detection.models.foreign.stability import Unstable, stretches_of
from services.fraud_detection.models.foreign.table import ForeignTable
from services.fraud_detection.models.foreign.windows import Windows, folds_of_groups, windows_of
from services.fraud_detection.models.reports import measures
from services.fraud_detection.models.reports.measures import AtCapacity, AtThreshold, Interval, Slice
from services.fraud_detection.models.scoring.calibration import calibrate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAK: Final = 0.95
"""One column alone that ranks frauds this well was most likely written after they were found."""
MOST_IMPORTANT: Final = 30
_PERMUTED: Final = 20_000
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class WindowProfile:
    name: str
    rows: int
    frauds: int
    share: float
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """``auc_alone`` is what the column ranks by itself, measured on every other row of the training."""

    column: str
    kind: str
    different: int
    missing: float
    auc_alone: float | None


@dataclass(frozen=True, slots=True)
class Importance:
    """How much AUC and average precision fall on the test window when a column's values are shuffled."""

    column: str
    auc: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class ScoresWorth:
    auc: Interval
    average_precision: Interval


@dataclass(frozen=True, slots=True)
class Calibrated:
    brier: float
    log_loss: float
    brier_of_share: float
    bins: tuple[measures.Reliability, ...]


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """Everything that is told of a run; its figures depend on the table, the spec and the libraries alone."""

    read_as: str
    rows: int
    split: str
    windows: tuple[WindowProfile, ...]
    gap_rows: int
    algorithm: str
    libraries: dict[str, str]
    seed: int
    model: ScoresWorth
    logistic_regression: ScoresWorth
    validation: ScoresWorth
    curve: tuple[measures.PrecisionPoint, ...]
    capacity: tuple[AtCapacity, ...]
    at_threshold_validation: AtThreshold
    at_threshold_test: AtThreshold
    calibration: Calibrated
    slices: tuple[Slice, ...]
    importance: tuple[Importance, ...]
    columns: tuple[ColumnProfile, ...]
    left_out: tuple[LeftOut, ...]
    unstable: tuple[Unstable, ...]
    searched: tuple[tuple[str, int, float, float], ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def evaluate_table(
    table: ForeignTable, spec: FeatureSpec, *, jobs: int = 1, told: Callable[[str], None] = lambda _: None
) -> ForeignReport:
    """Train on the earlier rows and measure on the later ones; ``told`` hears of each step.

    Raises:
        Unfit: the spec does not fit the table, or a window holds too few rows of one label.
    """
    prepared = prepare(table, spec)
    fraud, by_time = prepared.fraud, isinstance(spec.split, TimeSplit)
    windows = windows_of(spec, prepared.order, prepared.known, fraud)
    told(f"{table.rows:,} rows; {len(windows.train):,} teach, {len(windows.test):,} measure")
    train = windows.train
    folds = (
        stretches_of(prepared.order[train], fraud[train])
        if by_time
        else np.unique(folds_of_groups(prepared.order[train], spec.seed), return_inverse=True)[1].astype(np.int64)
    )
    dropped = unstable(prepared.features, train, fraud, folds) if by_time else ()
    names = {each.column for each in dropped}
    features = tuple(each for each in prepared.features if each.name not in names) or prepared.features
    told(f"{len(features)} columns to learn from, {len(dropped)} dropped because their relation to fraud did not last")
    choice = training.choose(features, train, fraud, folds, seed=spec.seed, jobs=jobs, fits=spec.search_fits)
    told(f"chosen: {choice.candidate.leaves} leaves, {choice.trees} trees")
    past = for_boosting(features, windows.early, windows.validation, fraud)
    validated = training.fit(choice, past, fraud[windows.early], seed=spec.seed, jobs=jobs).raw(past.score)
    matrix = for_boosting(features, train, windows.test, fraud)
    model = training.fit(choice, matrix, fraud[train], seed=spec.seed, jobs=jobs)
    raw = model.raw(matrix.score)
    told("trained; measuring")
    truth, earlier = fraud[windows.test], fraud[windows.validation]
    threshold = measures.threshold_for(validated, earlier)
    at_test = measures.at_threshold(raw, truth, threshold)
    profiles = _profiles(prepared, train)
    size = f"{choice.candidate.leaves} leaves, {choice.trees} trees, rate {choice.candidate.rate}"
    return ForeignReport(
        read_as=table.read_as,
        rows=table.rows,
        split=f"by {'time' if by_time else 'group'}: {spec.split.column}",
        windows=_windows(windows, prepared),
        gap_rows=windows.unused,
        algorithm=f"mean of {len(model.members)} histogram gradient boostings ({size})",
        libraries={"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        seed=spec.seed,
        model=_worth(raw, truth, spec.seed),
        logistic_regression=_worth(training.logistic(matrix, fraud[train]), truth, spec.seed),
        validation=_worth(validated, earlier, spec.seed),
        curve=measures.precision_curve(raw, truth),
        capacity=tuple(measures.at_capacity(raw, truth, share) for share in spec.review_capacity),
        at_threshold_validation=measures.at_threshold(validated, earlier, threshold),
        at_threshold_test=at_test,
        calibration=_calibration(calibrate(validated, earlier).probabilities_of(raw), truth, fraud[train]),
        slices=tuple(
            each
            for name in spec.monitoring_only
            for each in measures.slices(name, groups_of(table.columns[name], windows.test), raw, truth, threshold)
        ),
        importance=_importance(model, matrix, truth, spec.seed),
        columns=profiles,
        left_out=prepared.left_out,
        unstable=dropped,
        searched=choice.tried,
        warnings=_warnings(profiles, prepared, windows, at_test),
        notes=prepared.notes,
    )


def _worth(scores: Floats, fraud: Bools, seed: int) -> ScoresWorth:
    return ScoresWorth(
        measures.bootstrap(measures.auc, scores, fraud, seed),
        measures.bootstrap(measures.average_precision, scores, fraud, seed),
    )


def _calibration(said: Floats, truth: Bools, past: Bools) -> Calibrated:
    share = np.full(len(truth), float(past.mean()))
    return Calibrated(
        brier=measures.brier(said, truth),
        log_loss=measures.log_loss(said, truth),
        brier_of_share=measures.brier(share, truth),
        bins=measures.reliability(said, truth),
    )


def _windows(windows: Windows, prepared: Prepared) -> tuple[WindowProfile, ...]:
    found = []
    for name, rows in (("training", windows.train), ("validation", windows.validation), ("test", windows.test)):
        frauds, times = int(prepared.fraud[rows].sum()), prepared.order[rows]
        profile = WindowProfile(name, len(rows), frauds, frauds / len(rows), float(times.min()), float(times.max()))
        found.append(profile)
    return tuple(found)


def _importance(model: training.Averaged, matrix: Matrix, truth: Bools, seed: int) -> tuple[Importance, ...]:
    """By permutation, all columns that come of one heading together; of a large table, evenly spread rows."""
    rows = np.linspace(0, len(truth) - 1, min(len(truth), _PERMUTED)).astype(int)
    score, truth = matrix.score[rows], truth[rows]
    if not truth.any() or truth.all():
        return ()
    raw = model.raw(score)
    ranking, precision = measures.auc(raw, truth), measures.average_precision(raw, truth)
    draw = np.random.default_rng(seed)
    found = []
    for source in dict.fromkeys(matrix.sources):
        places = [place for place, each in enumerate(matrix.sources) if each == source]
        falls = []
        for _ in range(_ROUNDS):
            shuffled = score.copy()
            shuffled[:, places] = shuffled[draw.permutation(len(score))][:, places]
            again = model.raw(shuffled)
            falls.append((ranking - measures.auc(again, truth), precision - measures.average_precision(again, truth)))
        means = np.mean(falls, axis=0)
        found.append(Importance(source, float(means[0]), float(means[1])))
    return tuple(sorted(found, key=lambda each: -each.auc)[:MOST_IMPORTANT])


def _profiles(prepared: Prepared, train: Integers) -> tuple[ColumnProfile, ...]:
    found = []
    for feature in prepared.features:
        missing = feature.codes < 0 if feature.codes is not None else np.isnan(_numbers(feature))
        different = feature.words if feature.codes is not None else len(np.unique(_numbers(feature)[~missing]))
        alone = _auc_alone(levels(feature, train), prepared.fraud[train])
        found.append(ColumnProfile(feature.name, feature.kind, different, float(missing.mean()), alone))
    return tuple(found)


def _numbers(feature: Feature) -> Floats:
    assert feature.numbers is not None  # noqa: S101  the caller asked
    return feature.numbers


def _auc_alone(level: Integers, fraud: Bools) -> float | None:
    """Shares of fraud by level from every other row, measured on the rows between."""
    odd = np.arange(len(level)) % 2 == 1
    if min(fraud[odd].sum(), (~fraud[odd]).sum(), fraud[~odd].sum()) == 0:
        return None
    rows, overall = np.bincount(level[~odd], minlength=level.max() + 1), float(fraud[~odd].mean())
    share = (np.bincount(level[~odd], fraud[~odd], minlength=level.max() + 1) + overall) / (rows + 1)
    return measures.auc(share[level[odd]], fraud[odd])


def _warnings(
    profiles: tuple[ColumnProfile, ...], prepared: Prepared, windows: Windows, at_test: AtThreshold
) -> tuple[str, ...]:
    found = [
        f"{each.column} alone ranks frauds with an AUC of {each.auc_alone:.3f}: was it known when the model would be "
        "asked? If not, put it into ignore"
        for each in profiles
        if each.auc_alone is not None and each.auc_alone >= LEAK
    ]
    shares = [float(prepared.fraud[rows].mean()) for rows in (windows.train, windows.test)]
    if max(shares) > 2 * min(shares):
        found.append(f"The share of fraud is {shares[0]:.2%} in training and {shares[1]:.2%} in the test window")
    frauds = int(prepared.fraud[windows.test].sum())
    if frauds < 100:  # noqa: PLR2004
        found.append(f"The test window has {frauds} frauds: its figures are rough, see their intervals")
    if at_test.false_alarms > 2 * measures.FALSE_ALARMS:
        found.append(f"The threshold for 5 % false alarms gave {at_test.false_alarms:.1%} in the test window")
    return tuple(found)
