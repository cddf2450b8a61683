"""Which case is looked at next: points for money, waiting, the law's date, the score and whom it concerns. Pure.

The weights are ours, set so that the law's date beats everything in its last days, and so that of two alike the one
that waits longer comes first. A case of 20,000 yuan that waits since yesterday has 2 + 1 points; one of 500 yuan whose
30 days end tomorrow has 36 and more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.claims.domain.clocks import Reached, decide_by
from services.fraud_detection.reviews.domain.care import CareFacts, care
from shared.values.ids import ClaimId
from shared.values.money import Fen

FEN_A_POINT: Final = 1_000_000
"""Ten thousand yuan: most residents' cover is a few of them."""
MOST_FOR_MONEY: Final = 20.0
A_DAY: Final = timedelta(days=1)
MOST_FOR_WAITING: Final = 30.0
"""A point a day; after 30 days the law's date says more."""
CLOCK_BEGINS: Final = timedelta(days=10)
"""Before the law's date; 4 points for each day that is gone of them."""
A_DAY_OF_THE_CLOCK: Final = 4.0
OVERDUE: Final = 120.0
"""Once the date has passed: more than everything together gives a case that has time left."""
MOST_FOR_HONESTY: Final = 10.0
"""What the model takes for honest waits for a person only to be paid; nothing is lost while a doubtful case waits."""
NO_SCORE: Final = 0.5
VULNERABLE: Final = 15.0
"""Where care is to be taken, whatever the reason (care)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case that waits for a person. ``assigned``: to the one who asks, by name."""

    claim_id: ClaimId
    waiting_since: datetime
    steps: tuple[Reached, ...]
    amount_fen: Fen
    score: float | None
    care: CareFacts
    assigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a case's place in the queue is made of."""

    money: float
    waiting: float
    clock: float
    honesty: float
    vulnerability: float

    @property
    def total(self) -> float:
        return self.money + self.waiting + self.clock + self.honesty + self.vulnerability


def points(case: Waiting, *, now: datetime) -> Points:
    """The more, the sooner."""
    return Points(
        money=min(MOST_FOR_MONEY, case.amount_fen / FEN_A_POINT),
        waiting=min(MOST_FOR_WAITING, max(0.0, (now - case.waiting_since) / A_DAY)),
        clock=_clock(decide_by(case.steps) - now),
        honesty=MOST_FOR_HONESTY * (1 - (NO_SCORE if case.score is None else case.score)),
        vulnerability=VULNERABLE if care(case.care, now.year) else 0.0,
    )


def _clock(left: timedelta) -> float:
    if left <= timedelta(0):
        return OVERDUE
    return max(0.0, (CLOCK_BEGINS - left) / A_DAY) * A_DAY_OF_THE_CLOCK
