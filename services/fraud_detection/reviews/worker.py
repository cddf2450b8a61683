"""What the worker does with persons' decisions: it has them take effect once nobody may take them back any more."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.claims.wiring import personal_data_of
from services.fraud_detection.reviews.usecases.undo_decision import let_take_effect
from services.fraud_detection.reviews.wiring import lowest_authority_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    take_effect = partial(
        let_take_effect, database, personal_data_of(settings), clock, lowest=lowest_authority_of(settings)
    )
    # A resident who waits for a person's decision waits a second more at most.
    return (Job("let_decisions_take_effect", 1.0, take_effect),)
