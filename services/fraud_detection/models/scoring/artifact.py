"""A model as bytes, and back: opened only after its signature held, and only if it is made of the types we write.

skops keeps data and type names, and runs no code that a file brings along, as joblib and pickle would.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from services.fraud_detection.models.domain.features import FEATURES
from services.fraud_detection.models.scoring.calibration import CalibrationTable
from services.fraud_detection.models.scoring.forest import forest_of
from services.fraud_detection.models.scoring.many_rows import ManyRows
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact, Signer
from services.fraud_detection.models.scoring.training import Trained

FORMAT: Final = 1
KEYS: Final = frozenset({"format", "estimator", "features", "scores", "probabilities", "probes", "probe_scores"})
_BOOSTING: Final = "sklearn.ensemble._hist_gradient_boosting"
ALLOWED_TYPES: Final = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.float64",
        "numpy.ndarray",
        "numpy.uint64",
        "numpy.random._generator.Generator",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        f"{_BOOSTING}.binning._BinMapper",
        f"{_BOOSTING}.gradient_boosting.HistGradientBoostingClassifier",
        f"{_BOOSTING}.predictor.TreePredictor",
        "sklearn.preprocessing._label.LabelEncoder",
    }
)
"""Every type that an artifact of ours names, and no other."""
_TRUSTED: Final = (f"{_BOOSTING}.predictor.TreePredictor",)
"""Of these, what skops does not know by itself."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model ready to be asked."""

    rows: ManyRows
    calibration: CalibrationTable
    features: tuple[str, ...]


def pack(trained: Trained) -> bytes:
    """The model as bytes; sign them before they are kept."""
    content = {
        "format": FORMAT,
        "estimator": trained.estimator,
        "features": list(trained.features),
        "scores": np.array(trained.calibration.scores),
        "probabilities": np.array(trained.calibration.probabilities),
        "probes": trained.probes,
        "probe_scores": trained.probe_scores,
    }
    data: bytes = skops.io.dumps(content)
    return data


def unpack(artifact: SignedArtifact, signer: Signer, *, features: Sequence[str] = FEATURES) -> OpenModel:
    """Check the signature, then the types, then open, then ask the probes.

    Raises:
        ArtifactRefused: at the first of these that fails, or if the model knows other features than ``features``.
    """
    signer.check(artifact)
    strange = sorted(_types(artifact) - ALLOWED_TYPES)
    if strange:
        raise ArtifactRefused(artifact.model_id, f"it holds {strange[0]}, which no model of ours does")
    content = skops.io.loads(artifact.data, trusted=list(_TRUSTED))
    if not isinstance(content, dict) or content.keys() != KEYS or content["format"] != FORMAT:
        raise ArtifactRefused(artifact.model_id, "it is of another format")
    estimator = content["estimator"]
    if type(estimator) is not HistGradientBoostingClassifier:
        raise ArtifactRefused(artifact.model_id, f"it holds a {type(estimator).__name__}")
    if tuple(content["features"]) != tuple(features):
        raise ArtifactRefused(artifact.model_id, "it was trained on other features than are computed now")
    rows = ManyRows(forest_of(estimator))
    asked = [explained.raw for explained in rows.explain(content["probes"].tolist())]
    if not np.allclose(asked, content["probe_scores"], rtol=1e-9, atol=1e-9):
        raise ArtifactRefused(artifact.model_id, "it does not answer as it did when it was trained")
    table = CalibrationTable(tuple(content["scores"].tolist()), tuple(content["probabilities"].tolist()))
    return OpenModel(rows, table, tuple(content["features"]))


def _types(artifact: SignedArtifact) -> set[str]:
    """The names of all types in the artifact's schema, without making one of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArtifactRefused(artifact.model_id, "it is no skops file") from error
    return set(_named(schema))


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "__class__" in node:
            yield f"{node.get('__module__')}.{node['__class__']}"
        for child in node.values():
            yield from _named(child)
    elif isinstance(node, list):
        for child in node:
            yield from _named(child)
