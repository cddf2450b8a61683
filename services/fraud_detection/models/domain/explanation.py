"""Why a claim scored as it did, in parts that add up to the raw score. Finding the parts is scoring's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.models.domain.features import SCORED

MOST_REASONS: Final = 6
"""As many as a reviewer reads."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one feature added to the raw score, in log-odds, and its value in its unit; None is missing."""

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """``base``, the contributions of ``reasons`` and ``others`` add up to ``raw``, but for rounding below 1e-12.

    ``base`` is the mean raw score of the model's background, ordinary past claims; the probability is what the model's
    calibration table has for ``raw``.
    """

    raw: float
    base: float
    reasons: tuple[Reason, ...]
    others: float


def explanation(vector: Sequence[float], raw: float, base: float, contributions: Sequence[float]) -> ScoreExplanation:
    """The largest contributions as reasons, either way, and the rest in one line.

    A feature that is missing, or nothing where that is the innocent state, is no reason for suspicion: what such a one
    adds is among the others.
    """
    told = [
        Reason(each.name, each.in_unit(value), contribution)
        for each, value, contribution in zip(SCORED, vector, contributions, strict=True)
        if contribution < 0 or (contribution > 0 and not each.says_nothing(value))
    ]
    told.sort(key=lambda reason: -abs(reason.contribution))
    reasons = tuple(told[:MOST_REASONS])
    return ScoreExplanation(raw, base, reasons, raw - base - sum(reason.contribution for reason in reasons))
