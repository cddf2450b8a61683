#!/bin/sh
# scikit-learn 1.9.1, numpy 2.4.6
#
# Expected: histogram boosting takes missing values as they are, so a feature that was introduced later, and is missing in
#   all rows of an older stretch of time, is a feature that is never asked there. That is what cross-validation by time
#   makes of each new column of claims.
# Seen: where a numeric column has no value at all, fit ends with numpy's words about a window's shape, and names no
#   column. One value in one row is enough; so is calling the column a category; a decision tree and a random forest of
#   the same library take the column as it is.
#
#   boosting  empty number    ValueError: window shape cannot be larger than input array shape
#   boosting  one value       fits
#   boosting  empty category  fits
#   forest    empty number    fits
#   tree      empty number    fits
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

amounts = np.random.default_rng(0).normal(size=500)
fraud = amounts > 1
empty = np.column_stack([amounts, np.full(500, np.nan)])
one = empty.copy()
one[0, 1] = 1.0


def seen(model, rows):
    try:
        model.fit(rows, fraud)
    except ValueError as error:
        return f"ValueError: {error}"
    return "fits"


found = {
    "boosting  empty number": seen(HistGradientBoostingClassifier(max_iter=5), empty),
    "boosting  one value": seen(HistGradientBoostingClassifier(max_iter=5), one),
    "boosting  empty category": seen(HistGradientBoostingClassifier(max_iter=5, categorical_features=[1]), empty),
    "forest    empty number": seen(RandomForestClassifier(5), empty),
    "tree      empty number": seen(DecisionTreeClassifier(), empty),
}
for name, told in found.items():
    print(f"{name:24}  {told}")
assert found.pop("boosting  empty number") == "ValueError: window shape cannot be larger than input array shape"
assert set(found.values()) == {"fits"}, found
PYTHON
