"""Ask the promoted model about vectors. Whatever goes wrong in it is an answer too: a person looks then."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import psycopg2

from services.fraud_detection.decisions.domain.decision_policy import NoOpinion, Opinion
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from shared.db.transaction import Tx
from shared.process import metrics
from shared.process.logs import get_logger
from shared.values.money import Fen

log = get_logger()


class Score(Protocol):
    """The calibrated probability that a claim is dishonest, and why."""

    @property
    def probability(self) -> float: ...
    @property
    def explanation(self) -> ScoreExplanation: ...


class Champion(Protocol):
    """The promoted model with the scoring policy it was promoted under."""

    @property
    def model_id(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def approve_below(self) -> float: ...
    @property
    def auto_approve_limit_fen(self) -> int: ...
    @property
    def auto_approve_loss_limit_fen(self) -> int: ...
    def score(self, vectors: Sequence[tuple[float, ...]], /) -> Sequence[Score]: ...


FindChampion: TypeAlias = Callable[[Tx], Champion | None]


def ask(tx: Tx, find_champion: FindChampion, vectors: Sequence[tuple[float, ...]]) -> list[Opinion | NoOpinion]:
    """The model's opinion on each vector, or why there is none.

    A fault of the database is not the model's and passes through.
    """
    if not vectors:
        return []
    try:
        champion = find_champion(tx)
    except psycopg2.Error:
        raise
    except Exception as error:  # noqa: BLE001  the design: scorer down means review, never payment and never loss
        log.error("scorer_failed", error=type(error).__name__)  # noqa: TRY400  its text may hold a claim's values
        return [NoOpinion("scorer_failed")] * len(vectors)
    if champion is None:
        return [NoOpinion("no_model")] * len(vectors)
    return _scored(champion, vectors)


def _scored(champion: Champion, vectors: Sequence[tuple[float, ...]]) -> list[Opinion | NoOpinion]:
    """All at once; where that fails each by itself, so that one which breaks the scorer costs the others nothing."""
    try:
        scores = champion.score(vectors)
        return [_opinion(champion, score) for _, score in zip(vectors, scores, strict=True)]
    except Exception as error:  # noqa: BLE001  as above
        if len(vectors) > 1:
            return [opinion for vector in vectors for opinion in _scored(champion, [vector])]
        log.error("scorer_failed", model_id=champion.model_id, error=type(error).__name__)  # noqa: TRY400  as above
        return [NoOpinion("scorer_failed")]


def _opinion(champion: Champion, score: Score) -> Opinion | NoOpinion:
    if not 0.0 <= score.probability <= 1.0 or math.isnan(score.probability):
        log.error("scorer_failed", model_id=champion.model_id, error="not a probability")
        return NoOpinion("scorer_failed")
    metrics.SCORES.observe(score.probability)
    return Opinion(
        model_id=champion.model_id,
        sha256=champion.sha256,
        probability=score.probability,
        explanation=score.explanation,
        approve_below=champion.approve_below,
        auto_approve_limit_fen=Fen(champion.auto_approve_limit_fen),
        auto_approve_loss_limit_fen=Fen(champion.auto_approve_loss_limit_fen),
    )
