"""What each job that deals with the bank works with, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from services.payout.domain.retry_delay import RetryPolicy
from services.payout.rail.bank import Bank
from services.payout.usecases.settle_answer import Pace
from shared.db.pool import Database
from shared.privacy.sealed import Sealer
from shared.process.clock import Clock
from shared.process.new_ids import new_id


@dataclass(frozen=True)
class Paying:
    """Means of one worker process."""

    database: Database
    bank: Bank
    sealer: Sealer
    clock: Clock
    lease_seconds: float
    """Longer than a call to the bank can take: connecting, writing and reading each have the rail's time-out."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    worker: str = field(default_factory=new_id)
    chance: Callable[[], float] = SystemRandom().random

    def pace(self) -> Pace:
        return Pace(self.policy, self.chance())
