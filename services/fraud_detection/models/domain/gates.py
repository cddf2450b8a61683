"""What a model and its thresholds must pass before a second person may put them to work. Pure.

Each gate says its figure and its bound in words; the bounds are a policy, which is data and has a history.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from shared.values.money import Fen

GateName = Literal[
    "bounds",
    "artifact_opens",
    "golden_inputs",
    "latency",
    "better_than_share_of_past",
    "better_than_logistic",
    "no_worse_than_champion",
    "calibration",
    "warnings_acknowledged",
]
STANDARD_ERRORS: Final = 3.0
"""By chance alone one model in 740 of shuffled labels is above its expectation by more. Two are not enough: of six
models of shuffled labels, one stood 2.0 standard errors above 0.5."""
PRECISION_ERRORS: Final = 2.0
"""Average precision of a hundred dishonest rows is off by 0.05 as often as not, however good the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateBounds:
    """What the policy in force allows. Amounts in fen, latency in microseconds."""

    most_approve_below: float
    most_auto_approve_limit_fen: Fen
    most_auto_approve_loss_limit_fen: Fen
    least_auc: float
    logistic_margin: float
    champion_margin: float
    most_calibration_error: float
    most_latency_us: int


@dataclass(frozen=True, slots=True)
class Gate:
    """One result; ``told`` is a sentence with the figure and its bound."""

    name: GateName
    passed: bool
    told: str


class ReportMetrics(msgspec.Struct, frozen=True):
    """Of a model or of what it must beat, on the test rows."""

    auc: float
    average_precision: float


class ReportBin(msgspec.Struct, frozen=True):
    """Test rows with about the same probability: what was said and what was so."""

    rows: int
    mean_probability: float
    dishonest_share: float


class ReportEvaluation(msgspec.Struct, frozen=True):
    metrics: ReportMetrics
    calibration: tuple[ReportBin, ...]


class ReportPart(msgspec.Struct, frozen=True):
    rows: int
    dishonest: int


class MeasuredModel(msgspec.Struct, frozen=True):
    """What gates read of a model's report; the rest of it is for people."""

    evaluation: ReportEvaluation
    baselines: dict[str, ReportMetrics]
    test: ReportPart


@dataclass(frozen=True, slots=True)
class ApprovalThresholds:
    """Under which a model is to work."""

    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen


@dataclass(frozen=True, slots=True)
class AgainstChampion:
    """AUC of both on the same rows, and the 95 % interval of the difference: the model's less the champion's."""

    challenger: float
    champion: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NoComparison:
    """Why there is no figure, and whether that speaks against the model."""

    why: str
    passed: bool


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What opening the model here came to: microseconds for one claim, or why it does not open or answer."""

    latency_us: float | None
    not_opened: str | None = None
    not_as_trained: str | None = None


def bounds(thresholds: ApprovalThresholds, policy: GateBounds) -> Gate:
    """ApprovalThresholds within what the policy allows: at an equal figure they are."""
    over = [
        f"{name} is {told:,} and may be {most:,} at most"
        for name, told, most in (
            ("approve_below", thresholds.approve_below, policy.most_approve_below),
            ("auto_approve_limit_fen", thresholds.auto_approve_limit_fen, policy.most_auto_approve_limit_fen),
            (
                "auto_approve_loss_limit_fen",
                thresholds.auto_approve_loss_limit_fen,
                policy.most_auto_approve_loss_limit_fen,
            ),
        )
        if told > most
    ]
    return Gate("bounds", not over, f"{'; '.join(over)}." if over else "All thresholds are within the policy.")


def quality(measured: MeasuredModel, policy: GateBounds) -> Iterator[Gate]:
    """What the test rows say: better than the share of the past, than logistic regression, and calibrated."""
    metrics, logistic = measured.evaluation.metrics, measured.baselines["logistic_regression"]
    lowest = metrics.auc - STANDARD_ERRORS * auc_error(metrics.auc, measured.test)
    yield Gate(
        "better_than_share_of_past",
        lowest > policy.least_auc,
        f"AUC is {metrics.auc:.3f}, less three standard errors {lowest:.3f}; it must be above {policy.least_auc:.3f}.",
    )
    precision = metrics.average_precision
    chance = PRECISION_ERRORS * math.sqrt(precision * (1 - precision) / measured.test.dishonest)
    short = max(logistic.auc - metrics.auc, logistic.average_precision - precision - chance)
    yield Gate(
        "better_than_logistic",
        short <= policy.logistic_margin,
        f"AUC is {metrics.auc:.3f} and average precision {precision:.3f}, of logistic regression {logistic.auc:.3f} and"
        f" {logistic.average_precision:.3f}; neither may be lower by more than {policy.logistic_margin:.3f}, average"
        f" precision by {chance:.3f} more, which is chance's.",
    )
    error = calibration_error(measured.evaluation.calibration)
    yield Gate(
        "calibration",
        error <= policy.most_calibration_error,
        f"Probabilities are off by {error:.3f} beyond chance; {policy.most_calibration_error:.3f} is the most.",
    )


def opening(outcome: ProbeOutcome, policy: GateBounds) -> Iterator[Gate]:
    """What a child process said that opened the model with the libraries of here."""
    opens = outcome.not_opened is None
    yield Gate("artifact_opens", opens, outcome.not_opened or "It opens with the libraries of here.")
    answers = opens and outcome.not_as_trained is None
    why = outcome.not_as_trained or ("It answers its probes as when it was trained." if opens else "It does not open.")
    yield Gate("golden_inputs", answers, why)
    took = outcome.latency_us
    yield Gate(
        "latency",
        took is not None and took <= policy.most_latency_us,
        "It does not open."
        if took is None
        else f"One claim takes {took:,.0f} us; {policy.most_latency_us:,} is the most.",
    )


def no_worse_than_champion(found: AgainstChampion | NoComparison, policy: GateBounds) -> Gate:
    """By the lower end of the interval: a few lucky rows prove nothing."""
    name: Final = "no_worse_than_champion"
    if isinstance(found, NoComparison):
        return Gate(name, found.passed, found.why)
    return Gate(
        name,
        found.low >= -policy.champion_margin,
        f"On the newest labelled claims AUC is {found.challenger:.3f}, the champion's {found.champion:.3f}; the"
        f" difference is {found.low:.3f} to {found.high:.3f}, and its lower end may be {-policy.champion_margin:.3f}.",
    )


def warnings_acknowledged(warnings: Sequence[str], acknowledged: AbstractSet[str]) -> Gate:
    """Each warning of the model's data is acknowledged by its name."""
    left = [name for name in warnings if name not in acknowledged]
    told = f"Not acknowledged: {', '.join(left)}." if left else "Each warning is acknowledged; none is left."
    return Gate("warnings_acknowledged", not left, told)


def auc_error(auc: float, test: ReportPart) -> float:
    """The standard error of an AUC (Hanley and McNeil, Radiology 143, 1982)."""
    positive, negative = test.dishonest, test.rows - test.dishonest
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positive - 1) * (first - auc**2) + (negative - 1) * (second - auc**2)
    return math.sqrt(max(spread, 0.0) / (positive * negative))


def calibration_error(bins: Sequence[ReportBin]) -> float:
    """How far shares are from probabilities on average, less what chance makes of right ones with as many rows.

    Of n rows with probability p, the share is off by sqrt(2 p (1 - p) / (pi n)) on average.
    """
    rows = sum(each.rows for each in bins)
    found = sum(each.rows * abs(each.mean_probability - each.dishonest_share) for each in bins)
    chance = sum(
        each.rows * math.sqrt(2 * each.mean_probability * (1 - each.mean_probability) / (math.pi * each.rows))
        for each in bins
    )
    return max(0.0, (found - chance) / rows)
