"""Profile a dataset while it is read page by page: numpy alone, so that no process loads scikit-learn for it.

Memory is bounded by SAMPLE rows of all columns, and some 30 bytes for each row beyond.
What of a profile is doubtful is the domain's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_type_hints

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.domain.dataset_profile import (
    Copies,
    DatasetProfile,
    FieldProfile,
    Month,
    Stretch,
)
from services.fraud_detection.models.domain.features import FEATURES, compute
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.domain.stretches import borders

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SAMPLE: Final = 50_000
"""Rows that give quantiles, AUC and PSI: an AUC of 0.9 with 5 % dishonest is then known to 0.004."""
FEWEST_TO_COMPARE: Final = 500
"""Rows in each of two stretches; with ten bins PSI is then 0.04 by chance, far below any bound."""
FEWEST_TO_RANK: Final = 20
"""Of each label; what tells fewer apart may do so by chance."""
BINS: Final = 10
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
LONG_PAST: Final = timedelta(days=3653)
"""Ten years."""
YOUNGEST: Final = 8
"""Below eight nobody acts for themselves (Civil Code, art. 20)."""
OLDEST: Final = 100
IN_SHANGHAI: Final = 8 * 3600
"""Seconds ahead of UTC, since 1991 without summer time."""


def _is_number(kind: object) -> bool:
    return kind in (int, int | None)


_HINTS: Final = get_type_hints(Snapshot)
INPUTS: Final = tuple(
    field.name
    for field in dataclasses.fields(Snapshot)
    if _is_number(_HINTS[field.name]) and field.name not in FEATURES
)
"""Numbers of a past claim that are features in another form only; of these there are no AUC and PSI."""


class Profiler:
    """Takes ``rows`` past claims in the order of their lines, then gives their profile."""

    def __init__(self, rows: int, *, sample: int = SAMPLE) -> None:
        width = len(FEATURES) + len(INPUTS)
        generator = np.random.default_rng(0)
        kept = np.arange(rows) if rows <= sample else np.sort(generator.choice(rows, sample, replace=False))
        self._kept = kept
        self._sample = np.empty((len(kept), width))
        self._taken = 0
        self._times = np.empty(rows)
        self._dishonest = np.empty(rows, dtype=np.bool_)
        self._read = 0
        self._missing = np.zeros(width, dtype=np.int64)
        self._sums = np.zeros(width)
        self._least = np.full(width, np.inf)
        self._most = np.full(width, -np.inf)
        self._odd_ages = 0

    def add(self, snapshots: Sequence[Snapshot], dishonest: Sequence[bool]) -> None:
        """The next rows."""
        page = np.array([_columns(snapshot) for snapshot in snapshots], dtype=np.float64)
        begin, end = self._read, self._read + len(snapshots)
        self._times[begin:end] = [snapshot.submitted_at.timestamp() for snapshot in snapshots]
        self._dishonest[begin:end] = dishonest
        self._missing += np.isnan(page).sum(axis=0)
        self._sums += np.nansum(page, axis=0)
        self._least = np.fmin(self._least, np.fmin.reduce(page))
        self._most = np.fmax(self._most, np.fmax.reduce(page))
        self._odd_ages += sum(map(_odd_age, snapshots))
        last = int(np.searchsorted(self._kept, end))
        self._sample[self._taken : last] = page[self._kept[self._taken : last] - begin]
        self._taken, self._read = last, end

    def profile(self, copies: Copies, uploaded_at: datetime) -> DatasetProfile:
        """Of all rows, which must have been read."""
        if self._read != len(self._times):
            raise AssertionError("not all rows of the dataset were read")
        order = np.argsort(self._times, kind="stable")
        first, second = borders(len(order))
        stretch_of = np.empty(len(order), dtype=np.int8)
        for number, rows in enumerate((order[:first], order[first:second], order[second:])):
            stretch_of[rows] = number
        uploaded = uploaded_at.timestamp()
        return DatasetProfile(
            rows=len(order),
            sampled=len(self._kept),
            fields=self._fields(stretch_of[self._kept]),
            months=self._months(),
            stretches=tuple(
                self._stretch(rows) for rows in (order[:first], order[first:second], order[second:]) if len(rows)
            ),
            copies=copies,
            ahead=int((self._times > uploaded).sum()),
            long_past=int((self._times < uploaded - LONG_PAST.total_seconds()).sum()),
            odd_ages=self._odd_ages,
        )

    def _fields(self, stretch_of: npt.NDArray[np.int8]) -> tuple[FieldProfile, ...]:
        labels = self._dishonest[self._kept]
        found = []
        for place, name in enumerate((*FEATURES, *INPUTS)):
            values = self._sample[:, place]
            told = len(self._times) - int(self._missing[place])
            known = values[~np.isnan(values)]
            is_feature = place < len(FEATURES)
            found.append(
                FieldProfile(
                    name=name,
                    missing=int(self._missing[place]),
                    constant=not told or bool(self._least[place] == self._most[place]),
                    minimum=float(self._least[place]) if told else None,
                    maximum=float(self._most[place]) if told else None,
                    mean=float(self._sums[place] / told) if told else None,
                    quantiles=tuple(np.quantile(known, QUANTILES).tolist()) if len(known) else (),
                    auc=_telling(values, labels) if is_feature else None,
                    psi=_moved(values, stretch_of) if is_feature else None,
                )
            )
        return tuple(found)

    def _months(self) -> tuple[Month, ...]:
        months = (self._times + IN_SHANGHAI).astype("datetime64[s]").astype("datetime64[M]")
        names, places = np.unique(months, return_inverse=True)
        rows = np.bincount(places, minlength=len(names))
        dishonest = np.bincount(places, weights=self._dishonest, minlength=len(names))
        return tuple(
            Month(str(name), int(count), int(bad)) for name, count, bad in zip(names, rows, dishonest, strict=True)
        )

    def _stretch(self, rows: npt.NDArray[Any]) -> Stretch:
        begins, ends = (datetime.fromtimestamp(self._times[row], UTC) for row in (rows[0], rows[-1]))
        return Stretch(len(rows), int(self._dishonest[rows].sum()), begins, ends)


def _columns(snapshot: Snapshot) -> tuple[float, ...]:
    inputs = (getattr(snapshot, name) for name in INPUTS)
    return (*compute(snapshot), *(np.nan if value is None else float(value) for value in inputs))


def _odd_age(snapshot: Snapshot) -> bool:
    """Zero and None are a year that nobody told."""
    born = snapshot.birth_year
    return bool(born) and not YOUNGEST <= snapshot.occurred_at.year - (born or 0) <= OLDEST


def _telling(values: Floats, dishonest: Bools) -> float | None:
    """The AUC of the values as a score, whichever way they point; missing ones count as the largest."""
    bad = int(dishonest.sum())
    good = len(dishonest) - bad
    if min(bad, good) < FEWEST_TO_RANK:
        return None
    distinct, places = np.unique(values, return_inverse=True)
    bads = np.bincount(places, weights=dishonest, minlength=len(distinct))
    goods = np.bincount(places, minlength=len(distinct)) - bads
    below = np.cumsum(goods) - goods
    auc = float((bads * (below + goods / 2)).sum() / (bad * good))
    return max(auc, 1 - auc)


def _moved(values: Floats, stretch_of: npt.NDArray[np.int8]) -> float | None:
    """The larger PSI of the two later stretches against the one that fits."""
    fit = values[stretch_of == 0]
    found = [psi(fit, later) for number in (1, 2) if len(later := values[stretch_of == number]) >= FEWEST_TO_COMPARE]
    return max(found) if found and len(fit) >= FEWEST_TO_COMPARE else None


def psi(before: Floats, after: Floats) -> float:
    """The population stability index over ``before``'s deciles, or its values if they are few; missing is a bin."""
    known = before[~np.isnan(before)]
    distinct = np.unique(known)
    edges = distinct if len(distinct) <= BINS else np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    one, other = (_shares(values, edges) for values in (before, after))
    return float(((other - one) * np.log(other / one)).sum())


def _shares(values: Floats, edges: Floats) -> Floats:
    """Half a row more in each bin: an empty one would be infinitely far."""
    missing = np.isnan(values)
    places = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(places, minlength=len(edges) + 2) + 0.5
    shares: Floats = counts / counts.sum()
    return shares
