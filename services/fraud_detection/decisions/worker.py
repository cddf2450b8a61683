"""What the worker decides, and how it counts what waits for a person."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.decisions.consumers.payees import PAYEES
from services.fraud_detection.decisions.consumers.payouts import PAYOUTS
from services.fraud_detection.decisions.consumers.submitted import submissions
from services.fraud_detection.decisions.usecases.count_reviews import count_reviews
from services.fraud_detection.decisions.usecases.run_timers import run_timers
from services.fraud_detection.models.scoring.champions import Scorer
from services.fraud_detection.models.wiring import signer_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(settings: Settings, clock: Clock) -> tuple[Subscription, ...]:
    return (submissions(Scorer(signer_of(settings)).champion, clock), PAYEES, PAYOUTS)


def jobs(_settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    return (
        # A dashboard is read every quarter of a minute.
        Job("count_reviews", 15.0, partial(count_reviews, database)),
        # Whose policy comes after the claim waits for a second more, and dates are in days.
        Job("run_timers", 1.0, partial(run_timers, database, clock)),
    )
