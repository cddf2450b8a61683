"""What scams do to honest people: type, loss and the hours that follow. Who then claims what is ``schemes``'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log
from random import Random
from typing import Final

SHARES: Final[dict[str, float]] = {
    "task_brushing": 34.5,
    "fake_customer_service": 13.4,
    "fake_investment": 11.5,
    "loan_or_card": 10.8,
    "credit_record": 8.2,
    "fake_shopping": 6.9,
    "fake_police": 4.4,
    "fake_boss_or_friend": 4.3,
    "game_trade": 2.1,
    "romance": 1.6,
    "illegal_online": 1.2,
    "fake_military_purchase": 1.1,
    "other": 0.5,
}
"""Weights by type: per cent of police cases in the public CCL2023 set; it has no ``other``, which we add to be seen."""

MEAN_LOSS_YUAN: Final = 14_400.0
LOSS_SIGMA: Final = 1.3
"""Shape of the lognormal loss: a median of about 6,200 yuan, one in a hundred beyond 100,000."""
LARGEST_LOSS_YUAN: Final = 3_000_000.0

RELATIVE_LOSS: Final[dict[str, float]] = {
    "fake_investment": 2.6,
    "fake_police": 2.4,
    "romance": 2.0,
    "credit_record": 1.3,
    "fake_boss_or_friend": 1.2,
    "loan_or_card": 0.8,
    "fake_customer_service": 0.8,
    "task_brushing": 0.7,
    "illegal_online": 0.7,
    "fake_military_purchase": 1.0,
    "fake_shopping": 0.25,
    "game_trade": 0.2,
}
"""Mean loss of a type against a typical one; 1 where it is not named. Our estimate: only the order matters."""

SLOW_TYPES: Final = frozenset({"fake_investment", "romance", "task_brushing"})
"""Scams that are noticed after days rather than hours."""

_TYPES: Final = tuple(SHARES)
_WEIGHTS: Final = tuple(SHARES.values())
_SCALE: Final = MEAN_LOSS_YUAN * sum(_WEIGHTS) / sum(SHARES[code] * RELATIVE_LOSS.get(code, 1.0) for code in SHARES)
ROUND_YUAN: Final = 1_000
CHINA: Final = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Incident:
    """A scam as its victim tells it: the loss in fen, and hours from loss to discovery, to report, to claim."""

    scam_type: str
    amount_fen: int
    hour_of_day: int
    hours_to_discovery: float
    hours_to_report: float
    hours_to_claim: float
    transfer_records: int
    chat_records: int
    description_chars: int


def happen(rng: Random) -> Incident:
    """One scam on one honest person."""
    scam_type = rng.choices(_TYPES, _WEIGHTS)[0]
    return Incident(
        scam_type=scam_type,
        amount_fen=loss_fen(rng, scam_type),
        hour_of_day=rng.randrange(6) if chance(rng, 0.08) else rng.randrange(8, 24),
        hours_to_discovery=lognormal(rng, 20.0 if scam_type in SLOW_TYPES else 3.0, 1.0),
        hours_to_report=lognormal(rng, 6.0, 0.9),
        hours_to_claim=lognormal(rng, 50.0, 0.8),
        transfer_records=1 + min(12, int(rng.expovariate(1.0))),
        chat_records=min(12, int(rng.expovariate(0.6))) + (chance(rng, 0.85)),
        description_chars=int(lognormal(rng, 120.0, 0.6)),
    )


def loss_fen(rng: Random, scam_type: str) -> int:
    """A heavy-tailed loss; every third is whole thousands of yuan, as transfers to fraudsters often are."""
    mean = _SCALE * RELATIVE_LOSS.get(scam_type, 1.0)
    amount = min(LARGEST_LOSS_YUAN, lognormal(rng, mean * exp(-(LOSS_SIGMA**2) / 2), LOSS_SIGMA))
    if chance(rng, 0.33) and amount > ROUND_YUAN:
        return round(amount / ROUND_YUAN) * ROUND_YUAN * 100
    return max(100, round(amount * 100))


def chance(rng: Random, share: float) -> bool:
    """True in ``share`` of draws."""
    return rng.random() < share


def lognormal(rng: Random, median: float, sigma: float) -> float:
    """A positive draw with the given median."""
    return rng.lognormvariate(log(median), sigma)


def at_hour(moment: datetime, hour: int) -> datetime:
    """The last time before ``moment`` at which it was ``hour`` o'clock in China, minutes kept."""
    local_hour = (moment + CHINA).hour
    return moment - timedelta(hours=(local_hour - hour) % 24)
