"""Asks two models about the same past claims: a process of its own, started by ``comparing``.

Standard output is a ``Comparison``.
"""

from __future__ import annotations

import sys
import warnings
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring.artifact import OpenModel, open_checked
from services.fraud_detection.models.scoring.calibration import Bools, Floats
from services.fraud_detection.models.scoring.comparing import (
    CPU_SECONDS,
    MEMORY_BYTES,
    Compared,
    Comparison,
    ComparisonHead,
    NotCompared,
)
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact
from shared.process.confined import confine

TIMES: Final = 400
Counts = npt.NDArray[np.int64]

CHAMPION: Final = "the champion"
AT_ONCE: Final = 500
"""Rows: reasons come with each score, and take memory."""


def main() -> None:
    """Read standard input, within the limits."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")  # nobody reads them
    told = sys.stdin.buffer
    head = msgspec.json.decode(told.readline(), type=ComparisonHead)
    artifacts = [told.read(head.challenger), told.read(head.champion)]
    vectors = np.frombuffer(told.read(head.rows * head.features * 8)).reshape(head.rows, head.features)
    dishonest = np.frombuffer(told.read(head.rows), np.uint8).astype(np.bool_)
    sys.stdout.buffer.write(msgspec.json.encode(_compared(artifacts, vectors, dishonest)))


def _compared(artifacts: list[bytes], vectors: Floats, dishonest: Bools) -> Comparison:
    scores = []
    for name, data in zip(("the model", CHAMPION), artifacts, strict=True):
        try:
            opened = open_checked(SignedArtifact(name, data, "", b""))
        except (ArtifactRefused, MadeWithAnotherVersion):
            return NotCompared(f"{name} does not open", champion_opens=name != CHAMPION)
        scores.append(_scores(opened, vectors))
    challenger, champion = scores
    ours, theirs = _Ranked(challenger, dishonest), _Ranked(champion, dishonest)
    random = np.random.default_rng(0)
    found = []
    for _ in range(TIMES):
        drawn = np.bincount(random.integers(0, len(dishonest), len(dishonest)), minlength=len(dishonest))
        if 0 < drawn[dishonest].sum() < len(dishonest):
            found.append(ours.auc(drawn) - theirs.auc(drawn))
    low, high = np.quantile(found, (0.025, 0.975)).tolist()
    once = np.ones(len(dishonest), np.int64)
    return Compared(ours.auc(once), theirs.auc(once), low, high)


class _Ranked:
    """Scores in order, so that AUC costs one pass for each draw of rows: the share of pairs in the right order."""

    def __init__(self, scores: Floats, dishonest: Bools) -> None:
        self._order = np.argsort(scores, kind="stable")
        ordered = scores[self._order]
        self._first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        self._dishonest = dishonest[self._order]

    def auc(self, drawn: Counts) -> float:
        """With each row as often as it was drawn; rows of one score count half against each other."""
        times = drawn[self._order]
        cheats = np.add.reduceat(np.where(self._dishonest, times, 0), self._first)
        honest = np.add.reduceat(np.where(self._dishonest, 0, times), self._first)
        below = np.cumsum(honest) - honest
        return float((cheats * (below + honest / 2)).sum() / (cheats.sum() * honest.sum()))


def _scores(opened: OpenModel, vectors: Floats) -> Floats:
    parts = [vectors[begin : begin + AT_ONCE].tolist() for begin in range(0, len(vectors), AT_ONCE)]
    return np.array([explained.raw for part in parts for explained in opened.rows.explain(part)])


if __name__ == "__main__":
    main()
