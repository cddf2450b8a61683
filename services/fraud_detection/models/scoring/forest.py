"""A fitted boosting as plain lists: one row's raw score and its reasons in about a tenth of a millisecond.

scikit-learn is for many rows: one row costs it 1 ms, and over 1 s when OpenMP threads wait for each other. Where the
trees come from is ``training``'s, whether they may be trusted ``artifact``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """Node 0 is the root; ``feature`` is LEAF at leaves; ``value`` is the mean leaf below, weighted by rows."""

    feature: list[int]
    threshold: list[float]
    missing: list[int]
    """The child of rows in which the feature is missing (NaN)."""
    left: list[int]
    right: list[int]
    value: list[float]


@dataclass(frozen=True, slots=True)
class Explained:
    """A raw score (log-odds) as ``bias`` plus one contribution for each feature; they add up to it."""

    raw: float
    bias: float
    contributions: list[float]


@dataclass(frozen=True, slots=True)
class Forest:
    """``base`` plus the leaf of each tree is the raw score."""

    base: float
    trees: tuple[Tree, ...]
    features: int

    def explain(self, vector: Sequence[float]) -> Explained:
        """The raw score of ``vector``, with what each feature added to it on its way down the trees.

        A step from a node to its child moves the expected value; the move is the contribution of the feature that was
        asked (path attribution, Saabas 2014). The expected values of the roots make the bias.
        """
        contributions = [0.0] * self.features
        bias = raw = self.base
        for tree in self.trees:
            feature, threshold, left, right, value = tree.feature, tree.threshold, tree.left, tree.right, tree.value
            missing = tree.missing
            node = 0
            here = value[0]
            bias += here
            while (asked := feature[node]) != LEAF:
                found = vector[asked]
                if found <= threshold[node]:
                    node = left[node]
                elif found > threshold[node]:
                    node = right[node]
                else:
                    node = missing[node]
                contributions[asked] += value[node] - here
                here = value[node]
            raw += here
        return Explained(raw, bias, contributions)


def forest_of(estimator: Any) -> Forest:
    """The trees of a fitted binary HistGradientBoostingClassifier.

    They stand in private attributes (scikit-learn 1.9); artifacts carry probes, so that a version which keeps them
    otherwise is noticed when a model is opened and not by wrong scores.
    """
    trees = tuple(_tree(predictors[0].nodes) for predictors in estimator._predictors)  # noqa: SLF001  see above
    base = float(estimator._baseline_prediction.item())  # noqa: SLF001  see above
    return Forest(base, trees, int(estimator.n_features_in_))


def _tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right, count = nodes["left"].tolist(), nodes["right"].tolist(), nodes["count"].tolist()
    value = nodes["value"].tolist()
    # Children stand behind their parents, so that going backwards every child is done before its parent.
    for node in reversed(range(len(value))):
        if not is_leaf[node]:
            low, high = left[node], right[node]
            value[node] = (value[low] * count[low] + value[high] * count[high]) / (count[low] + count[high])
    feature = [LEAF if leaf else asked for leaf, asked in zip(is_leaf, nodes["feature_idx"].tolist(), strict=True)]
    missing = [
        low if to_left else high for to_left, low, high in zip(nodes["missing_go_to_left"], left, right, strict=True)
    ]
    return Tree(feature, nodes["num_threshold"].tolist(), missing, left, right, value)
