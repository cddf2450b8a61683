"""Why the model scored a claim as it did, for a reviewer: values in their units, in words, and parts that add up."""

from __future__ import annotations

from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.models.domain.explanation import Reason
from services.fraud_detection.models.domain.features import DECLARED
from shared.web.models import ReplyModel


class ReasonOfScore(ReplyModel):
    """How far one feature moved the raw score."""

    feature: str
    text_zh: str
    text_en: str
    value: float | None
    """Null is missing; a flag is 0 or 1."""
    unit: str
    contribution: float
    """In log-odds; above 0 is towards dishonest."""


class ScoreExplanationView(ReplyModel):
    """`base`, the contributions and `others` add up to `raw_score`; the model's table makes the score of it."""

    raw_score: float | None
    """In log-odds. Null, as `base` and `others` are, of what was decided before they were kept."""
    base: float | None
    """The mean of ordinary past claims."""
    reasons: list[ReasonOfScore]
    """The largest; a feature that is missing, or of which there is nothing, is never one for suspicion."""
    others: float | None
    """All other features together."""


def explanation_view(decision: DecisionRow) -> ScoreExplanationView | None:
    """None where no model was asked."""
    if decision.score is None:
        return None
    why = decision.explanation
    if why is None:
        older = [_view(Reason(feature, None, added)) for feature, added in decision.score_reasons]
        return ScoreExplanationView(raw_score=None, base=None, reasons=older, others=None)
    return ScoreExplanationView(
        raw_score=why.raw, base=why.base, reasons=[_view(reason) for reason in why.reasons], others=why.others
    )


def _view(reason: Reason) -> ReasonOfScore:
    declared = DECLARED.get(reason.feature)  # None of one that is no more
    return ReasonOfScore.of(
        reason,
        text_zh=declared.words.zh if declared else reason.feature,
        text_en=declared.words.en if declared else reason.feature.replace("_", " "),
        unit=declared.unit if declared else "",
    )
