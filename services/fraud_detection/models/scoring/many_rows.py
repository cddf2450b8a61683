"""A forest asked about many rows at once, by numpy: each sum in the order in which ``Forest.explain`` makes it.

So a row's score and reasons are the same to the bit, whether it was asked about alone or among others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.scoring.forest import LEAF, Explained, Forest, Tree

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_LEAVES: Final = 64
"""Of one tree: a bit of an unsigned integer stands for each. Ours have twelve."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: float
    steps: tuple[tuple[int, float], ...]
    """On the way down: which feature was asked, and how far the expected value moved."""


class ManyRows:
    """``forest`` laid out for many rows.

    All questions of all trees are asked of every row, and each answer "greater" rules the leaves to its left out; the
    first leaf that is left is the row's (QuickScorer, Lucchese 2015).
    """

    def __init__(self, forest: Forest) -> None:
        trees = [list(_leaves(tree)) for tree in forest.trees]
        asked = [list(_questions(tree)) for tree in forest.trees]
        if max(map(len, trees), default=0) > MOST_LEAVES:
            raise ValueError(f"a tree has more than {MOST_LEAVES} leaves")
        questions = [question for of_tree in asked for question in of_tree or [_NO_QUESTION]]
        longest = max((len(leaf.steps) for tree in trees for leaf in tree), default=0)
        none = (forest.features, 0.0)
        self._forest = forest
        self._base = forest.base
        self._feature = np.array([feature for feature, _, _, _ in questions], np.intp)
        self._threshold = np.array([threshold for _, threshold, _, _ in questions])
        self._to_left = np.array([to_left for _, _, to_left, _ in questions], np.bool_)
        self._greater = np.array([mask for _, _, _, mask in questions], np.uint64)
        self._trees = np.cumsum([0, *(max(1, len(of_tree)) for of_tree in asked)])[:-1]
        self._first_leaf = np.cumsum([0, *map(len, trees)])[:-1]
        leaves = [leaf for tree in trees for leaf in tree]
        steps = [[*leaf.steps, *[none] * (longest - len(leaf.steps))] for leaf in leaves]
        self._value = np.array([leaf.value for leaf in leaves])
        self._asked = np.array([[feature for feature, _ in each] for each in steps], np.intp)
        self._moved = np.array([[moved for _, moved in each] for each in steps])
        bias = forest.base
        for tree in forest.trees:
            bias += tree.value[0]
        self._bias = bias

    def explain(self, vectors: Sequence[Sequence[float]]) -> list[Explained]:
        """``Forest.explain`` of each of these vectors."""
        if len(vectors) == 1 or not self._forest.trees:
            return [self._forest.explain(vector) for vector in vectors]
        leaves = self._leaves_of(np.array(vectors, np.float64))
        raw = np.full(len(vectors), self._base)
        for values in self._value[leaves].T:
            raw += values
        contributions = self._contributions(leaves)
        return [Explained(*each) for each in zip(raw.tolist(), [self._bias] * len(vectors), contributions, strict=True)]

    def _leaves_of(self, rows: Floats) -> Integers:
        """For each row and tree the leaf that the row falls into, numbered over all trees."""
        asked = rows[:, self._feature]
        greater = ~(asked <= self._threshold)
        if np.isnan(rows).any():
            greater &= ~(np.isnan(asked) & self._to_left)
        left = np.bitwise_and.reduceat(np.where(greater, self._greater, _ALL), self._trees, axis=1)
        first = left & (~left + np.uint64(1))
        found: Integers = np.log2(first.astype(np.float64)).astype(np.int64) + self._first_leaf
        return found

    def _contributions(self, leaves: Integers) -> list[list[float]]:
        rows, width = len(leaves), self._forest.features + 1
        asked = self._asked[leaves].reshape(rows, -1) + np.arange(rows)[:, None] * width
        moved = self._moved[leaves]
        # It adds in the order of its input: of one feature, tree by tree and from the root down.
        sums = np.bincount(asked.ravel(), moved.ravel(), minlength=rows * width).reshape(rows, width)
        found: list[list[float]] = sums[:, : self._forest.features].tolist()
        return found


_ALL: Final = np.uint64(2**64 - 1)
_NO_QUESTION: Final = (0, float("inf"), True, 2**64 - 1)
"""Of a tree that is one leaf."""


def _leaves(tree: Tree, node: int = 0, steps: tuple[tuple[int, float], ...] = ()) -> Iterator[_Leaf]:
    """From left to right."""
    asked = tree.feature[node]
    if asked == LEAF:
        yield _Leaf(tree.value[node], steps)
        return
    for child in (tree.left[node], tree.right[node]):
        yield from _leaves(tree, child, (*steps, (asked, tree.value[child] - tree.value[node])))


def _questions(tree: Tree) -> Iterator[tuple[int, float, bool, int]]:
    """Feature, threshold, whether a row goes to the left in which the feature is missing, and the leaves that are left
    where the row has more: all but those of the left child.
    """
    found: list[tuple[int, float, bool, int]] = []

    def count(node: int, before: int) -> int:
        """How many leaves there are below, of which ``before`` stand to their left."""
        asked = tree.feature[node]
        if asked == LEAF:
            return 1
        left = count(tree.left[node], before)
        to_left = tree.missing[node] == tree.left[node]
        found.append((asked, tree.threshold[node], to_left, (2**64 - 1) ^ (((1 << left) - 1) << before)))
        return left + count(tree.right[node], before + left)

    count(0, 0)
    yield from found
