"""How persons decided, each by themselves, and whether a second person decided the same. Pure.

A second person decides after an appeal, mostly: then the first one refused, always. So how many were decided alike says
how many refusals held, and nothing about approvals, which nobody looks at again. Cohen's kappa (Educational and
Psychological Measurement 20, 1960, p. 37) is what is left of agreement beyond chance; where one of two persons gave one
answer alone it is 0 or nothing by the formula, whatever they think, and so it is not given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal, TypeAlias

Answer: TypeAlias = Literal["approved", "refused"]

MINIMUM: Final = 20
"""Pairs below which no share is told: of fewer, a single one moves it by more than five points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One decision of a person, and the next one on the claim by another person, if there is one.

    ``seconds`` is from the moment in which the case came before persons to the decision.
    """

    reviewer: str
    outcome: Answer
    seconds: float
    second_reviewer: str | None
    second_outcome: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """``pairs`` is told always; the others are None below the minimum, ``kappa`` also where an answer never varied."""

    pairs: int
    same_share: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerFigures:
    """What one person decided. ``second_decisions`` of these another decided anew, ``overturned`` otherwise."""

    reviewer: str
    decided: int
    approved: int
    refused: int
    median_seconds: int
    second_decisions: int
    overturned: int
    agreement: Agreement
    """With all others, as the first or the second of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """``reviewers`` by name; ``agreement`` is of all pairs of persons."""

    reviewers: tuple[ReviewerFigures, ...]
    agreement: Agreement


def statistics(judged: Iterable[Judged]) -> Statistics:
    """Of all these decisions."""
    of_person: dict[str, list[Judged]] = defaultdict(list)
    pairs_of: dict[str, list[tuple[Answer, Answer]]] = defaultdict(list)
    pairs: list[tuple[Answer, Answer]] = []
    for each in judged:
        of_person[each.reviewer].append(each)
        if each.second_reviewer is not None and each.second_outcome is not None:
            pairs.append((each.outcome, each.second_outcome))
            pairs_of[each.reviewer].append((each.outcome, each.second_outcome))
            pairs_of[each.second_reviewer].append((each.second_outcome, each.outcome))
    return Statistics(
        reviewers=tuple(_figures(name, of_person[name], pairs_of[name]) for name in sorted(of_person)),
        agreement=agreement(pairs),
    )


def agreement(pairs: Sequence[tuple[Answer, Answer]]) -> Agreement:
    """Of pairs of answers on the same case, one person's first."""
    if len(pairs) < MINIMUM:
        return Agreement(pairs=len(pairs), same_share=None, kappa=None)
    same = sum(one == other for one, other in pairs) / len(pairs)
    return Agreement(pairs=len(pairs), same_share=round(same, 4), kappa=_kappa(pairs, same))


def _kappa(pairs: Sequence[tuple[Answer, Answer]], same: float) -> float | None:
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    if len(ones) == 1 or len(others) == 1:
        return None
    by_chance = sum(ones[answer] * others[answer] for answer in ones) / len(pairs) ** 2
    return round((same - by_chance) / (1 - by_chance), 4)


def _figures(reviewer: str, own: Sequence[Judged], pairs: Sequence[tuple[Answer, Answer]]) -> ReviewerFigures:
    outcomes = Counter(each.outcome for each in own)
    again = [each for each in own if each.second_outcome is not None]
    return ReviewerFigures(
        reviewer=reviewer,
        decided=len(own),
        approved=outcomes["approved"],
        refused=outcomes["refused"],
        median_seconds=round(median(each.seconds for each in own)),
        second_decisions=len(again),
        overturned=sum(each.second_outcome != each.outcome for each in again),
        agreement=agreement(pairs),
    )
