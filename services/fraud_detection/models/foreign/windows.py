"""Which rows teach, which validate and which measure: by time with a gap, or by group.

No row of the test window is used for anything but measuring; the validation window, the newest part of the training,
chooses the threshold and the calibration by a model that did not see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.foreign.columns import point_in_time
from services.fraud_detection.models.foreign.spec import FeatureSpec, TimeSplit, Unfit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEWEST: Final = 10
"""Of each label in a window: below, no figure of it would mean anything."""
VALIDATION_SHARE: Final = 0.25
_GROUP_FOLDS: Final = 3


@dataclass(frozen=True, slots=True)
class Windows:
    """Places of rows. ``train`` is ``early`` and ``validation`` together; ``unused`` counts labelled rows in none."""

    train: Integers
    early: Integers
    validation: Integers
    test: Integers
    unused: int


def windows_of(spec: FeatureSpec, order: Floats, known: Bools, fraud: Bools) -> Windows:
    """Split the labelled rows as the spec says.

    Raises:
        Unfit: a window is empty, or holds too few rows of one label.
    """
    split = spec.split
    rows = np.flatnonzero(known)
    if isinstance(split, TimeSplit):
        train, test = _by_time(split, order, rows)
        train = train[np.argsort(order[train], kind="stable")]
        late = _late(order[train], fraud[train])
    else:
        part = _parts(order, spec.seed)
        test, train = rows[part[rows] < split.test_share], rows[part[rows] >= split.test_share]
        late = part[train] < split.test_share + (1 - split.test_share) * VALIDATION_SHARE
    field = "time" if isinstance(split, TimeSplit) else "group"
    found = Windows(train, train[~late], train[late], test, len(rows) - len(train) - len(test))
    for name, window in (("training", found.train), ("test", found.test)):
        _check(field, name, fraud[window])
    for name, window in (("earlier part of the training", found.early), ("validation", found.validation)):
        _check(field, name, fraud[window])
    return found


def _check(field: str, name: str, fraud: Bools) -> None:
    frauds = int(fraud.sum())
    if min(frauds, len(fraud) - frauds) < FEWEST:
        detail = f"the {name} window has {len(fraud)} rows, {frauds} of them fraud"
        raise Unfit(field, detail, f"Each window needs {FEWEST} rows of either label: widen it, or give more rows")


def _by_time(split: TimeSplit, order: Floats, rows: Integers) -> tuple[Integers, Integers]:
    times = order[rows]
    test_from, test_to = np.inf, np.inf
    if split.test is not None:
        test_from = _point("time.test", split.test[0], end=False)
        test_to = np.inf if split.test[1] is None else _point("time.test", split.test[1], end=True)
    train_from, train_to = -np.inf, np.inf
    if split.train is not None:
        train_from, train_to = (
            _point("time.train", each, end=last) for each, last in zip(split.train, (False, True), strict=True)
        )
    if split.test is None:
        ahead = np.sort(times[times > train_to]) if split.train else np.sort(times)
        if not len(ahead):
            raise Unfit("time.train", "leaves no later row for the test window", "End it earlier")
        test_from = ahead[0] if split.train else ahead[min(len(ahead) - 1, round(len(ahead) * (1 - split.test_share)))]
        test_to = np.inf
    if split.train is not None and train_to >= test_from:
        raise Unfit("time.train", "ends where the test window has already begun", "Let the test window begin later")
    learned = (times >= train_from) & (times <= train_to) & (times < test_from - split.gap_days)
    return rows[learned], rows[(times >= test_from) & (times <= test_to)]


def _point(field: str, told: str, *, end: bool) -> float:
    found = point_in_time(told)
    if found is None:
        raise Unfit(field, f"{told!r} is no time", "Write it as the column has it, e.g. 2026-12-31 or 1995")
    whole_day = end and any(sign in told for sign in "-/年") and found == int(found)
    return found + (86_399 / 86_400 if whole_day else 0.0)


def _late(times: Floats, fraud: Bools) -> Bools:
    """The newest quarter, cut between two different times, as near to it as leaves both labels on both sides."""
    starts = np.unique(times)[1:]
    if not len(starts):  # one time for all: the file's own order is what is left
        return np.arange(len(times)) >= round(len(times) * (1 - VALIDATION_SHARE))
    if len(starts) > 1000:  # noqa: PLR2004
        starts = np.unique(times[np.linspace(len(times) // 2, len(times) - 1, 500).astype(int)])
    best, distance = times > np.inf, np.inf
    for start in starts:
        late = times >= start
        sides = [min(int(fraud[side].sum()), int((~fraud[side]).sum())) for side in (late, ~late)]
        far = abs(float(late.mean()) - VALIDATION_SHARE)
        if min(sides) >= FEWEST and far < distance:
            best, distance = late, far
    return best


def _parts(groups: Floats, seed: int) -> Floats:
    """A place from 0 to 1 for each row by its group, the same in every run."""
    different, place = np.unique(groups, return_inverse=True)
    found = np.array([int(sha256(f"{seed}:{group:g}".encode()).hexdigest()[:8], 16) / 2**32 for group in different])
    return found[place]


def folds_of_groups(groups: Floats, seed: int) -> Integers:
    """Three folds that no group stands in two of."""
    return (_parts(groups, seed + 1) * _GROUP_FOLDS).astype(np.int64)
