"""Ask the promoted model about a vector. Whatever goes wrong in it is an answer too: a person looks then."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import psycopg2

from services.fraud_detection.decisions.domain.decision_policy import NoOpinion, Opinion
from shared.db.transaction import Tx
from shared.process import metrics
from shared.process.logs import get_logger
from shared.values.money import Fen

log = get_logger()


class Score(Protocol):
    """The calibrated probability that a claim is dishonest, and which features moved it how far."""

    @property
    def probability(self) -> float: ...
    @property
    def reasons(self) -> Sequence[tuple[str, float]]: ...


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
    def score(self, vector: tuple[float, ...], /) -> Score: ...


FindChampion: TypeAlias = Callable[[Tx], Champion | None]


def ask(tx: Tx, find_champion: FindChampion, vector: tuple[float, ...]) -> Opinion | NoOpinion:
    """The model's opinion, or why there is none. A fault of the database is not the model's and passes through."""
    try:
        champion = find_champion(tx)
        if champion is None:
            return NoOpinion("no_model")
        score = champion.score(vector)
        if not 0.0 <= score.probability <= 1.0 or math.isnan(score.probability):
            log.error("scorer_failed", model_id=champion.model_id, error="not a probability")
            return NoOpinion("scorer_failed")
    except psycopg2.Error:
        raise
    except Exception as error:  # noqa: BLE001  the design: scorer down means review, never payment and never loss
        log.error("scorer_failed", error=type(error).__name__)  # noqa: TRY400  its text may hold a claim's values
        return NoOpinion("scorer_failed")
    metrics.SCORES.observe(score.probability)
    return Opinion(
        model_id=champion.model_id,
        sha256=champion.sha256,
        probability=score.probability,
        reasons=tuple(score.reasons),
        approve_below=champion.approve_below,
        auto_approve_limit_fen=Fen(champion.auto_approve_limit_fen),
        auto_approve_loss_limit_fen=Fen(champion.auto_approve_loss_limit_fen),
    )
