"""A fitted boosting as plain lists. Asking about rows is ``many_rows``'s, whether it may be trusted ``artifact``'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """Node 0 is the root; ``feature`` is LEAF at leaves, whose ``value`` counts."""

    feature: list[int]
    threshold: list[float]
    missing: list[int]
    """The child of rows in which the feature is missing (NaN)."""
    left: list[int]
    right: list[int]
    value: list[float]


@dataclass(frozen=True, slots=True)
class Forest:
    """``base`` plus the leaf of each tree is the raw score."""

    base: float
    trees: tuple[Tree, ...]
    features: int

    def raw(self, vector: Sequence[float]) -> float:
        """The raw score of one vector, in log-odds."""
        raw = self.base
        for tree in self.trees:
            node = 0
            while (asked := tree.feature[node]) != LEAF:
                found, threshold = vector[asked], tree.threshold[node]
                if found <= threshold:
                    node = tree.left[node]
                else:
                    node = tree.right[node] if found > threshold else tree.missing[node]
            raw += tree.value[node]
        return raw


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
    left, right = nodes["left"].tolist(), nodes["right"].tolist()
    feature = [LEAF if leaf else asked for leaf, asked in zip(is_leaf, nodes["feature_idx"].tolist(), strict=True)]
    missing = [
        low if to_left else high for to_left, low, high in zip(nodes["missing_go_to_left"], left, right, strict=True)
    ]
    return Tree(feature, nodes["num_threshold"].tolist(), missing, left, right, nodes["value"].tolist())
