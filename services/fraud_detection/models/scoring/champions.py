"""The promoted model, opened once in a process and asked for each claim. What follows from a score is adjudication's.

A promotion or a rollback in another process is seen with the next claim: the champion's id is read anew each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from services.fraud_detection.models.domain.explanation import ScoreExplanation, explanation
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.store import models
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen

if TYPE_CHECKING:
    from services.fraud_detection.models.scoring.artifact import OpenModel

KEPT: Final = 2
"""Opened models in memory: the champion, and the one before, for claims decided while it changes."""


@dataclass(frozen=True, slots=True)
class ExplainedScore:
    """The calibrated probability that a claim is dishonest, and why."""

    probability: float
    explanation: ScoreExplanation


@dataclass(frozen=True, slots=True)
class PromotedModel:
    """The promoted model with the thresholds that a named person promoted it under."""

    model_id: ModelId
    sha256: str
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    _model: OpenModel

    def score(self, vectors: Sequence[Sequence[float]]) -> list[ExplainedScore]:
        """Score vectors of ``domain.features``; one in a fifth of a millisecond, many in less each, in this thread."""
        model = self._model
        for vector in vectors:
            if len(vector) != len(model.features):
                raise ValueError(f"the model takes {len(model.features)} features, not {len(vector)}")
        return [
            ExplainedScore(
                probability=model.calibration.probability(explained.raw),
                explanation=explanation(vector, explained.raw, explained.base, explained.contributions),
            )
            for vector, explained in zip(vectors, model.rows.explain(vectors), strict=True)
        ]


class Scorer:
    """Finds the champion. One for a process; safe among threads."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._opened: OrderedDict[tuple[str, str], OpenModel] = OrderedDict()
        self._lock = threading.Lock()

    def champion(self, tx: Tx) -> PromotedModel | None:
        """The model that is promoted now; None if none is.

        Raises:
            ArtifactRefused: its bytes, signature, types or features are not what they should be: let a person look.
            MadeWithAnotherVersion: the libraries here do not open it: train it again.
        """
        promoted = models.champion(tx)
        if promoted is None:
            return None
        return PromotedModel(**asdict(promoted), _model=self._open(tx, promoted.model_id, promoted.sha256))

    def _open(self, tx: Tx, model_id: ModelId, sha256: str) -> OpenModel:
        with self._lock:
            model = self._opened.get((model_id, sha256))
            if model is None:
                model = self._load(tx, model_id)
                self._opened[model_id, sha256] = model
                while len(self._opened) > KEPT:
                    self._opened.popitem(last=False)
            self._opened.move_to_end((model_id, sha256))
            return model

    def _load(self, tx: Tx, model_id: ModelId) -> OpenModel:
        # Only a process that scores loads scikit-learn (150 MB); the web processes that import this do not.
        from services.fraud_detection.models.scoring.artifact import unpack  # noqa: PLC0415  see above

        return unpack(kept_artifact(tx, model_id), self._signer)
