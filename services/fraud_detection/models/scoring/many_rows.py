"""A forest asked about rows by numpy: each row's raw score, and what each feature added to it.

What a feature added is its Shapley value against a background of past claims (interventional, Lundberg 2020; Janzing
2020), exactly: docs/decisions says why. A row and a row of the background agree or not on each question of a tree, so
that what a tree adds depends on the row's answers alone; all answers of a tree are worked out once, when a model opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.scoring.forest import LEAF, Forest, Tree

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_QUESTIONS: Final = 12
"""Of one tree: there is a row of numbers for each way to answer them. Ours have eleven."""
_MOST_KEPT: Final = 6
"""Features on the way to a leaf up to which weights are kept: 64 by 64 by 6 numbers."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A raw score (log-odds) as ``base`` plus one contribution for each feature; they add up to it."""

    raw: float
    base: float
    contributions: list[float]


class ManyRows:
    """``forest`` laid out for many rows, explained against the rows of ``background``."""

    def __init__(self, forest: Forest, background: Floats) -> None:
        self._features = forest.features
        self._start = forest.base
        asked = [list(_questions(tree)) for tree in forest.trees]
        if max(map(len, asked), default=0) > MOST_QUESTIONS:
            raise ValueError(f"a tree asks more than {MOST_QUESTIONS} questions")
        questions = [question for of_tree in asked for question in of_tree or [_NO_QUESTION]]
        self._feature = np.array([question.feature for question in questions], np.intp)
        self._threshold = np.array([question.threshold for question in questions])
        self._to_left = np.array([question.missing_to_left for question in questions], np.bool_)
        self._bit = np.array([1 << place for of_tree in asked for place in range(max(1, len(of_tree)))], np.int64)
        self._trees = np.cumsum([0, *(max(1, len(of_tree)) for of_tree in asked)])[:-1]
        self._first = np.cumsum([0, *(1 << len(of_tree) for of_tree in asked)])[:-1]
        self._last = np.array([(1 << len(of_tree)) - 1 for of_tree in asked], np.int64)
        self._base = forest.base
        if forest.trees:
            self._work_out(forest, asked, self._answers(background) - self._first)

    def _work_out(self, forest: Forest, asked: list[list[_Question]], background: Integers) -> None:
        tables = [
            _table(tree, questions, background[:, number])
            for number, (tree, questions) in enumerate(zip(forest.trees, asked, strict=True))
        ]
        widest = max(len(table.features) for table in tables)
        self._value = np.concatenate([table.value for table in tables])
        self._moved = np.concatenate([_widened(table.moved, widest) for table in tables])
        self._whose = np.full((len(tables), widest), forest.features, np.int64)
        for number, table in enumerate(tables):
            self._whose[number, : len(table.features)] = table.features
            self._base += table.base

    def explain(self, vectors: Sequence[Sequence[float]]) -> list[Explained]:
        """Score and explain; a row among others comes out the same to the bit as alone."""
        if not len(self._first):
            return [Explained(self._start, self._start, [0.0] * self._features) for _ in vectors]
        places = self._answers(np.array(vectors, np.float64))
        raw = np.full(len(places), self._start)
        for values in self._value[places].T:
            raw += values
        count, width = len(places), self._features + 1
        whose = self._whose + (np.arange(count) * width)[:, None, None]
        # It adds in the order of its input: of one feature, tree by tree.
        sums = np.bincount(whose.ravel(), self._moved[places].ravel(), minlength=count * width).reshape(count, width)
        contributions = sums[:, : self._features].tolist()
        return [Explained(*each) for each in zip(raw.tolist(), [self._base] * count, contributions, strict=True)]

    def _answers(self, rows: Floats) -> Integers:
        """For each row and tree the row's place in the table of all answers, numbered over all trees."""
        asked = rows[:, self._feature]
        left = asked <= self._threshold
        if np.isnan(rows).any():
            left |= np.isnan(asked) & self._to_left
        counted = np.add.reduceat(left * self._bit, self._trees, axis=1)
        found: Integers = np.minimum(counted, self._last) + self._first
        return found


@dataclass(frozen=True, slots=True)
class _Question:
    node: int
    feature: int
    threshold: float
    missing_to_left: bool


_NO_QUESTION: Final = _Question(0, 0, float("inf"), missing_to_left=True)
"""Of a tree that is one leaf."""


def _questions(tree: Tree) -> Iterator[_Question]:
    for node, feature in enumerate(tree.feature):
        if feature != LEAF:
            yield _Question(node, feature, tree.threshold[node], tree.missing[node] == tree.left[node])


@dataclass(frozen=True, slots=True)
class _Table:
    """Of one tree, by the answers to its questions: the leaf, and what each of ``features`` adds to ``base``."""

    base: float
    value: Floats
    moved: Floats
    features: list[int]


def _table(tree: Tree, questions: list[_Question], background: Integers) -> _Table:
    answers = (np.arange(1 << len(questions))[:, None] >> np.arange(len(questions))) & 1 == 1
    places = {question.node: place for place, question in enumerate(questions)}
    features = sorted({question.feature for question in questions})
    value, moved = np.zeros(len(answers)), np.zeros((len(answers), len(features)))
    for leaf, steps in _leaves(tree):
        met, theirs = _met(steps, answers, places)
        value[met == (1 << len(theirs)) - 1] = leaf
        columns = [features.index(feature) for feature in theirs]
        moved[:, columns] += leaf * _shares(met[background], len(theirs))[met]
    return _Table(float(value[background].mean()), value, moved, features)


_Step = tuple[int, int, bool]
"""A feature, the node that asks it, and whether the way goes left there."""


def _leaves(tree: Tree, node: int = 0, steps: tuple[_Step, ...] = ()) -> Iterator[tuple[float, tuple[_Step, ...]]]:
    asked = tree.feature[node]
    if asked == LEAF:
        yield tree.value[node], steps
        return
    for child, to_left in ((tree.left[node], True), (tree.right[node], False)):
        yield from _leaves(tree, child, (*steps, (asked, node, to_left)))


def _met(steps: Sequence[_Step], answers: Bools, places: dict[int, int]) -> tuple[Integers, list[int]]:
    """For each way to answer, as bits, which of the features on the way to a leaf lead there; and these features."""
    met, features = np.zeros(len(answers), np.int64), list[int]()
    for feature, theirs in groupby(sorted(steps), key=lambda step: step[0]):
        agrees = np.ones(len(answers), np.bool_)
        for _, node, to_left in theirs:
            agrees &= answers[:, places[node]] == to_left
        met |= agrees.astype(np.int64) << len(features)
        features.append(feature)
    return met, features


def _shares(background: Integers, count: int) -> Floats:
    """Of a leaf of value 1 after ``count`` features: for each set of them that a row meets, what each adds."""
    sets, rows = np.unique(background, return_counts=True)
    kept = _weights(count)[sets] if count <= _MOST_KEPT else np.array([_against(each, count) for each in sets.tolist()])
    shares: Floats = np.tensordot(rows / len(background), kept, 1)
    return shares


@cache
def _weights(count: int) -> Floats:
    return np.array([_against(other, count) for other in range(1 << count)])


def _against(other: int, count: int) -> Floats:
    """For each set of features that a row meets, its Shapley values against a row that meets the set ``other``.

    Only where both together meet all is the leaf reached at all: once each feature that the row alone meets is the
    row's, ``mine`` of them, and none that the other alone meets, ``theirs`` of them.
    """
    found = np.zeros((1 << count, count))
    for met in range(1 << count):
        alone, others = met & ~other, other & ~met
        if met | other != (1 << count) - 1 or alone | others == 0:
            continue
        mine, theirs = alone.bit_count(), others.bit_count()
        ways = factorial(mine + theirs)
        for place in range(count):
            if alone >> place & 1:
                found[met, place] = factorial(mine - 1) * factorial(theirs) / ways
            elif others >> place & 1:
                found[met, place] = -factorial(mine) * factorial(theirs - 1) / ways
    return found


def _widened(moved: Floats, width: int) -> Floats:
    return np.pad(moved, ((0, 0), (0, width - moved.shape[1])))
