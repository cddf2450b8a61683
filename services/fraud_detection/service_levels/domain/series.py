"""The public series of how claims are answered, after those of payment-scam reimbursement in the United Kingdom.

They are (Payment Systems Regulator): what share of the value is paid, what share is decided within 5 and within 35
business days, what share refused for what a person found. Beside them how long decisions took, and who was waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.fraud_detection.claims.domain.clocks import Clock
from services.fraud_detection.service_levels.domain.business_days import business_days_after

SOON, LATE = 5, 35
"""Business days."""
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One claim of the period. ``in_scope``: its first decision by a person or the machine approves it, or refuses it
    for another reason than that the policy does not cover such a loss. Amounts in fen; ``decision`` is its first clock.
    """

    lost_fen: int
    paid_fen: int
    in_scope: bool
    found_against: bool
    decision: Clock


@dataclass(frozen=True, slots=True)
class Times:
    """Of filing to decision, at one quantile, each by itself: in all, the insurer's own, and waiting for others."""

    total: timedelta
    insurer: timedelta
    waiting: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Shares are None where nothing is there to be shared."""

    claims: int
    decided: int
    value_paid_share: float | None
    decided_within_5_business_days_share: float | None
    decided_within_35_business_days_share: float | None
    refused_by_finding_share: float | None
    p50: Times | None
    p99: Times | None
    guessed_years: tuple[int, ...]
    """Years whose holidays the calendar does not know; there the weekends alone were taken."""


def series(answered: Sequence[Answered]) -> Series:
    """Of the claims that were filed in one period."""
    decided = [each for each in answered if each.decision.ended_at is not None]
    scope = [each for each in decided if each.in_scope]
    days = [
        business_days_after(each.decision.began_at, each.decision.ended_at or each.decision.began_at)
        for each in decided
    ]
    guessed = sorted({year for each in days for year in each.guessed_years})
    return Series(
        claims=len(answered),
        decided=len(decided),
        value_paid_share=_share(sum(each.paid_fen for each in scope), sum(each.lost_fen for each in scope)),
        decided_within_5_business_days_share=_share(sum(each.count <= SOON for each in days), len(answered)),
        decided_within_35_business_days_share=_share(sum(each.count <= LATE for each in days), len(answered)),
        refused_by_finding_share=_share(sum(each.found_against for each in scope), len(scope)),
        p50=_times(decided, 50),
        p99=_times(decided, 99),
        guessed_years=tuple(guessed),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _times(decided: Sequence[Answered], percent: int) -> Times | None:
    if not decided:
        return None
    insurer = [each.decision.used for each in decided]
    waiting = [sum(each.decision.paused.values(), timedelta(0)) for each in decided]
    total = [used + waited for used, waited in zip(insurer, waiting, strict=True)]
    return Times(_quantile(total, percent), _quantile(insurer, percent), _quantile(waiting, percent))


def _quantile(values: Sequence[timedelta], percent: int) -> timedelta:
    """The smallest value that so many percent do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // _PERCENT) - 1)]
