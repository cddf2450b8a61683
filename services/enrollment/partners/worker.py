"""What the worker does about partners by itself: forgets quota windows that are over."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.usecases.quotas import forget_windows
from services.enrollment.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job, in_a_transaction
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

FORGET_QUOTAS_SECONDS: Final = 3600.0

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = ()


def jobs(_settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """Forget old quota windows."""
    return (
        Job(
            "forget-quota-windows",
            FORGET_QUOTAS_SECONDS,
            in_a_transaction(database, lambda tx: forget_windows(tx, now=clock.now())),
        ),
    )
