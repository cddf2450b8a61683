"""What is doubtful about a dataset, and about how a model did on its newest stretch. A person who promotes reads it.

What is plainly impossible is refused when it is handed in. Each bound stands here with where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any, Final

import msgspec

from services.fraud_detection.models.domain.dataset_profile import DatasetProfile, Stretch

LEAK_AUC: Final = 0.90
"""On simulated claims the best whole model reaches 0.83; one feature that knows more has likely seen the answer."""
SHIFTED_PSI: Final = 0.25
"""The usual bound of credit scoring for a population that has moved (Siddiqi, Credit Risk Scorecards, 2006)."""
SHARED: Final = 0.01
"""Of the rows; below it, two files that touch at their ends."""
ODD_AGES: Final = 0.001
"""Of the rows; typing errors in years of birth are rarer than one in a thousand."""
FEWEST_OF_A_LABEL: Final = 50
"""In a stretch; with 50 dishonest claims an AUC of 0.8 is known to 0.07 only (Hanley and McNeil, 1982)."""
SHARE_GREW: Final = 1.5
SHARE_SIGMAS: Final = 5.0
"""The share of dishonest claims is half as large again, or two thirds, and chance alone does so once in a million."""
AUC_SIGMAS: Final = 2.0
TOO_GOOD: Final = 0.99
"""No fraud team's labels are that certain: something in the rows is the label."""
MOST_NAMED: Final = 20
"""Features, months or datasets that one warning names; the profile has all."""


@dataclass(frozen=True, slots=True)
class DataWarning:
    """``name`` is what a person acknowledges; ``details`` are its numbers."""

    name: str
    text_zh: str
    text_en: str
    details: dict[str, Any]


def of_dataset(profile: DatasetProfile) -> tuple[DataWarning, ...]:
    """In the order in which a person should look."""
    return (
        *_leaks(profile),
        *_copies(profile),
        *_times(profile),
        *_ages(profile),
        *_few(profile),
        *_label_share(profile),
        *_shifts(profile),
    )


class _Tested(msgspec.Struct):
    rows: int
    dishonest: int


class _Metrics(msgspec.Struct):
    auc: float


class _Evaluation(msgspec.Struct):
    metrics: _Metrics


class _Report(msgspec.Struct):
    test: _Tested
    evaluation: _Evaluation


def of_report(report: str) -> tuple[DataWarning, ...]:
    """The same of a model's report as JSON."""
    read = msgspec.json.decode(report, type=_Report)
    return of_split(read.evaluation.metrics.auc, read.test.dishonest, read.test.rows - read.test.dishonest)


def of_split(auc: float, dishonest: int, honest: int) -> tuple[DataWarning, ...]:
    """What the AUC on the newest stretch says about the data rather than about the model."""
    details = {"auc": auc, "dishonest": dishonest, "honest": honest}
    if auc + AUC_SIGMAS * auc_error(auc, dishonest, honest) < 1 / 2:
        return (
            DataWarning(
                "worse_than_chance",
                "在最新时段上，模型把诚实理赔排在欺诈之前：该时段的标签可能颠倒。",
                "On the newest stretch honest claims score above dishonest ones: its labels may be reversed.",
                details,
            ),
        )
    if auc >= TOO_GOOD:
        return (
            DataWarning(
                "too_good",
                "模型几乎无误：某些字段很可能就是标签本身。",
                "The model hardly errs: some field most likely holds the label itself.",
                details,
            ),
        )
    return ()


def auc_error(auc: float, dishonest: int, honest: int) -> float:
    """The standard error of an AUC by Hanley and McNeil (1982)."""
    both, other = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (dishonest - 1) * (both - auc * auc) + (honest - 1) * (other - auc * auc)
    return sqrt(max(0.0, spread) / (dishonest * honest))


def _leaks(profile: DatasetProfile) -> Iterator[DataWarning]:
    found = {field.name: field.auc for field in profile.fields if field.auc is not None and field.auc >= LEAK_AUC}
    if found:
        yield DataWarning(
            "feature_tells_the_label",
            f"单个特征几乎就能判定标签（AUC 不低于 {LEAK_AUC}），很可能是事后才知道的信息。",
            f"One feature alone all but tells the label (AUC {LEAK_AUC} or more): likely known only afterwards.",
            {"auc": _first(found)},
        )


def _copies(profile: DatasetProfile) -> Iterator[DataWarning]:
    copies = profile.copies
    if copies.repeated:
        yield DataWarning(
            "repeated_rows",
            "有些行重复出现：同一理赔可能同时用于训练和测试。",
            "Some rows are there more than once: one claim may both fit and test a model.",
            {"rows": copies.repeated},
        )
    if copies.contradicting:
        yield DataWarning(
            "contradicting_labels",
            "内容相同的行标签不同。",
            "Rows of the same content are labelled both dishonest and honest.",
            {"contents": copies.contradicting},
        )
    if copies.elsewhere > SHARED * profile.rows:
        datasets = {each.dataset_id: each.rows for each in copies.shared[:MOST_NAMED]}
        yield DataWarning(
            "rows_of_other_datasets",
            "有些行也在其他数据集中：由那些数据集训练的模型在这里测试会显得过好。",
            "Some rows are in other datasets too: a model that was trained on those looks too good when tested here.",
            {"rows": copies.elsewhere, "datasets": datasets},
        )


def _times(profile: DatasetProfile) -> Iterator[DataWarning]:
    if profile.ahead:
        yield DataWarning(
            "claims_ahead",
            "有些理赔的时间晚于上传时间：时区可能有误。",
            "Some claims are later than their upload: their zone may be wrong.",
            {"rows": profile.ahead},
        )
    if profile.long_past:
        yield DataWarning(
            "claims_long_past",
            "有些理赔早于十年前：欺诈手法和产品早已改变。",
            "Some claims are more than ten years old: scams and products have changed since.",
            {"rows": profile.long_past},
        )
    without = [
        month for one, next_one in pairwise(profile.months) for month in months_between(one.month, next_one.month)
    ]
    if without:
        yield DataWarning(
            "months_without_rows",
            "有的月份没有任何理赔：数据可能不完整。",
            "There are months without a single claim: the data may not be whole.",
            {"months": without[:MOST_NAMED], "count": len(without)},
        )


def _ages(profile: DatasetProfile) -> Iterator[DataWarning]:
    if profile.odd_ages > ODD_AGES * profile.rows:
        yield DataWarning(
            "odd_ages",
            "有些索赔人不满八周岁或超过一百岁：出生年份可能有误。",
            "Some claimants are below eight or above a hundred years old: their years of birth may be wrong.",
            {"rows": profile.odd_ages},
        )


def _few(profile: DatasetProfile) -> Iterator[DataWarning]:
    few = [
        {"stretch": name, "dishonest": each.dishonest, "honest": each.rows - each.dishonest}
        for name, each in zip(("fit", "calibrate", "test"), profile.stretches, strict=False)
        if min(each.dishonest, each.rows - each.dishonest) < FEWEST_OF_A_LABEL
    ]
    if few:
        yield DataWarning(
            "few_of_a_label",
            f"某些时段中一种标签不足 {FEWEST_OF_A_LABEL} 条：指标带有很大偶然性。",
            f"A stretch has fewer than {FEWEST_OF_A_LABEL} of a label: what is measured on it is much chance.",
            {"stretches": few},
        )


def _label_share(profile: DatasetProfile) -> Iterator[DataWarning]:
    if not profile.stretches:
        return
    fit, *later = profile.stretches
    moved = {
        name: round(each.dishonest / each.rows, 4)
        for name, each in zip(("calibrate", "test"), later, strict=False)
        if _share_moved(fit, each)
    }
    if moved:
        yield DataWarning(
            "label_share_shift",
            "欺诈占比在不同时段间明显变化：新理赔可能尚无结论，或标签口径改变。",
            "The share of dishonest claims moved between stretches: new claims may lack their outcome.",
            {"fit": round(fit.dishonest / fit.rows, 4), **moved},
        )


def _share_moved(fit: Stretch, later: Stretch) -> bool:
    """By a ratio that matters and beyond chance: the two-proportion z test."""
    one, other = fit.dishonest / fit.rows, later.dishonest / later.rows
    low, high = sorted((one, other))
    if high < SHARE_GREW * low or high == 0:
        return False
    together = (fit.dishonest + later.dishonest) / (fit.rows + later.rows)
    error = sqrt(together * (1 - together) * (1 / fit.rows + 1 / later.rows))
    return error > 0 and (high - low) / error > SHARE_SIGMAS


def _shifts(profile: DatasetProfile) -> Iterator[DataWarning]:
    found = {field.name: field.psi for field in profile.fields if field.psi is not None and field.psi >= SHIFTED_PSI}
    if found:
        yield DataWarning(
            "features_shift",
            f"有些特征在后期时段的分布明显变化（PSI 不低于 {SHIFTED_PSI}）。",
            f"Some features are distributed otherwise in later stretches (PSI {SHIFTED_PSI} or more).",
            {"psi": _first(found)},
        )


def _first(found: dict[str, float]) -> dict[str, float]:
    """The largest first."""
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return {name: round(value, 4) for name, value in ranked[:MOST_NAMED]}


def months_between(one: str, other: str) -> list[str]:
    """The months after ``one`` and before ``other``, e.g. 2026-03."""
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (one, other))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first + 1, last)]
