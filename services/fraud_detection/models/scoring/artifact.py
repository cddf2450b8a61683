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

from services.fraud_detection.models.domain.features import FEATURES, SPECIFICATION
from services.fraud_detection.models.scoring import versions
from services.fraud_detection.models.scoring.calibration import CalibrationTable
from services.fraud_detection.models.scoring.canonical import SCHEMA, canonical
from services.fraud_detection.models.scoring.forest import forest_of
from services.fraud_detection.models.scoring.many_rows import ManyRows
from services.fraud_detection.models.scoring.signature import (
    LARGEST_ARTIFACT,
    NOT_AS_TRAINED,
    ArtifactRefused,
    SignedArtifact,
    Signer,
    too_large,
)
from services.fraud_detection.models.scoring.training import NotTrainable, Trained

FORMAT: Final = 3
"""Formats 1 and 2 knew other features and no background; who has one is asked to train anew."""
KEYS: Final = frozenset(
    {
        "format",
        "versions",
        "estimator",
        "features",
        "specification",
        "scores",
        "probabilities",
        "probes",
        "probe_scores",
        "background",
    }
)
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
    """The model as bytes, the same for the same model and libraries; sign them before they are kept.

    Raises:
        NotTrainable: they are too many.
    """
    content = {
        "format": FORMAT,
        "versions": versions.here(),
        "estimator": trained.estimator,
        "features": list(trained.features),
        "specification": SPECIFICATION,
        "scores": np.array(trained.calibration.scores),
        "probabilities": np.array(trained.calibration.probabilities),
        "probes": trained.probes,
        "probe_scores": trained.probe_scores,
        "background": trained.background,
    }
    data = canonical(skops.io.dumps(content))
    if len(data) > LARGEST_ARTIFACT:
        raise NotTrainable(
            f"The model takes {len(data):,} bytes, and {LARGEST_ARTIFACT:,} is the most; make fewer or smaller trees."
        )
    return data


def unpack(artifact: SignedArtifact, signer: Signer, *, features: Sequence[str] = FEATURES) -> OpenModel:
    """Check size and signature, then open.

    Raises:
        ArtifactRefused: as ``open_checked``, or because size or signature are not right.
        MadeWithAnotherVersion: as ``open_checked``.
    """
    signer.check(artifact)
    return open_checked(artifact, features=features)


def open_checked(artifact: SignedArtifact, *, features: Sequence[str] = FEATURES) -> OpenModel:
    """Of an artifact whose signature held, check the types and the versions, then open it, then ask the probes.

    Raises:
        ArtifactRefused: at the first of these that fails, or if the model knows other features than ``features``.
        MadeWithAnotherVersion: the libraries here are not those that open it.
    """
    schema = _schema(artifact)
    # Before the types: those of another version are strange to us, and no sign that anybody changed the model.
    versions.check(artifact.model_id, _made_with(schema))
    strange = sorted(set(_named(schema)) - ALLOWED_TYPES)
    if strange:
        raise ArtifactRefused(artifact.model_id, f"it holds {strange[0]}, which no model of ours does")
    content = skops.io.loads(artifact.data, trusted=list(_TRUSTED))
    if not isinstance(content, dict) or content.keys() != KEYS or content["format"] != FORMAT:
        raise ArtifactRefused(artifact.model_id, "it is of another format")
    estimator = content["estimator"]
    if type(estimator) is not HistGradientBoostingClassifier:
        raise ArtifactRefused(artifact.model_id, f"it holds a {type(estimator).__name__}")
    if tuple(content["features"]) != tuple(features) or content["specification"] != SPECIFICATION:
        raise ArtifactRefused(artifact.model_id, "it was trained on other features than are computed now")
    rows = ManyRows(forest_of(estimator), content["background"])
    asked = [explained.raw for explained in rows.explain(content["probes"].tolist())]
    if not np.allclose(asked, content["probe_scores"], rtol=1e-9, atol=1e-9):
        raise ArtifactRefused(artifact.model_id, NOT_AS_TRAINED)
    table = CalibrationTable(tuple(content["scores"].tolist()), tuple(content["probabilities"].tolist()))
    return OpenModel(rows, table, tuple(content["features"]))


def _schema(artifact: SignedArtifact) -> Any:
    """What skops would make, without making any of it."""
    try:
        with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST_ARTIFACT:
                raise ArtifactRefused(artifact.model_id, too_large(size))
            return json.loads(archive.read(SCHEMA))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArtifactRefused(artifact.model_id, "it is no skops file") from error


def _made_with(schema: Any) -> dict[str, str]:
    """The versions that an artifact tells; of format 1 what scikit-learn wrote of itself."""
    try:
        content = schema["content"]
        if "versions" in content:
            told = content["versions"]["content"]
        else:
            told = {"scikit-learn": content["estimator"]["content"]["content"]["_sklearn_version"]}
        return {library: str(json.loads(node["content"])) for library, node in told.items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "__class__" in node:
            yield f"{node.get('__module__')}.{node['__class__']}"
        for child in node.values():
            yield from _named(child)
    elif isinstance(node, list):
        for child in node:
            yield from _named(child)
