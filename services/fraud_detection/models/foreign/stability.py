"""Columns whose relation to the label changes from one stretch of time to the next: what they taught does not last.

A month's share of fraud in one year says nothing of that month in the next; a model that learned it is wrong with
confidence. Only rows to learn from are looked at; what is done with the columns found is ``encoding``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LEAST_RATIO: Final = 2.0
"""Mean square of what holds over that of what changes (the F of a mixed two-way table): below, nothing holds."""
DEVIATIONS: Final = 5.0
"""What changes must exceed chance by that many standard deviations of its chi-square: about one column in a million."""
FEWEST: Final = 60
"""Rows with either label in a stretch: fewer do not tell a change from chance."""
MOST_STRETCHES: Final = 6
SEEN_ONCE: Final = 0.5
"""From this share of rows on whose value stands in one stretch alone, a column tells the time and not the case."""


@dataclass(frozen=True, slots=True)
class Unstable:
    """``lasting`` and ``changing`` are mean squares: 1 is chance; None where values do not come again."""

    column: str
    lasting: float | None
    changing: float | None
    seen_once: float


def stretches_of(times: Floats, positive: Bools) -> Integers:
    """Each row's stretch: as many as leave FEWEST rows of either label in each, cut between different times."""
    order = np.argsort(times, kind="stable")
    for count in range(MOST_STRETCHES, 1, -1):
        cuts = times[order[[round(len(order) * part / count) for part in range(1, count)]]]
        stretch = np.searchsorted(np.unique(cuts), times, side="right")
        _, dense = np.unique(stretch, return_inverse=True)
        found = np.bincount(dense, positive)
        if len(found) > 1 and min(found.min(), (np.bincount(dense) - found).min()) >= FEWEST:
            return dense.astype(np.int64)
    return np.zeros(len(times), np.int64)


def instability(name: str, levels: Integers, positive: Bools, stretch: Integers) -> Unstable | None:
    """What is unstable of a column, given as levels from 0 on; None if it holds, or if nothing can be told."""
    times = int(stretch.max()) + 1
    if times < 2:  # noqa: PLR2004
        return None
    width = int(levels.max()) + 1
    cell = levels * times + stretch
    rows = np.bincount(cell, minlength=width * times).reshape(width, times).astype(float)
    frauds = np.bincount(cell, positive, minlength=width * times).reshape(width, times)
    seen_once = float(rows[(rows > 0).sum(1) == 1].sum() / rows.sum())
    if seen_once >= SEEN_ONCE:
        return Unstable(name, None, None, seen_once)
    rate = frauds.sum(0) / rows.sum(0)
    kept = (rows * rate).sum(1) >= 5  # noqa: PLR2004  expected frauds of a level, as for any chi-square
    rows, frauds = rows[kept], frauds[kept]
    if len(rows) < 2:  # noqa: PLR2004
        return None
    expected = rows * _additive(rows, frauds)
    measured = expected >= 1  # a single fraud where a hundredth was expected would outweigh all else
    spread = expected * (1 - expected / np.maximum(rows, 1))
    change = float(((frauds - expected) ** 2 / np.maximum(spread, 1e-9))[measured].sum())
    free = int(measured.sum()) - len(rows) - times + 1
    alone = rows * rate
    lasting = float(((frauds - alone).sum(1) ** 2 / (alone * (1 - rate)).sum(1)).sum()) / (len(rows) - 1)
    if free < 1 or change < free + DEVIATIONS * np.sqrt(2 * free) or lasting >= LEAST_RATIO * change / free:
        return None
    return Unstable(name, lasting, change / free, seen_once)


def _additive(rows: Floats, frauds: Floats) -> Floats:
    """Shares of fraud if a level and a stretch each move the log-odds and nothing else does (Newton, side by side)."""
    overall = frauds.sum() / rows.sum()
    frauds = frauds + 0.5 * overall * (rows > 0)
    rows = rows + 0.5 * (rows > 0)
    level, time = np.zeros((len(rows), 1)), np.full((1, rows.shape[1]), np.log(overall / (1 - overall)))
    for _ in range(30):
        for axis in (1, 0):
            share = 1 / (1 + np.exp(-(level + time)))
            step = ((frauds - rows * share).sum(axis) / (rows * share * (1 - share)).sum(axis).clip(1e-9)).clip(-2, 2)
            if axis == 1:
                level += step[:, None]
            else:
                time += step[None, :]
    found: Floats = 1 / (1 + np.exp(-(level + time)))
    return found
