"""What the worker does about models by itself: trains them."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.models.wiring import signer_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    # Here, for it loads scikit-learn (150 MB), and commands that ask for the subscriptions have no use for that.
    from services.fraud_detection.models.usecases.train_model import train_next  # noqa: PLC0415

    # A person waits for the model, and asking costs one index look-up: a second.
    return (Job("train_models", 1.0, partial(train_next, database, signer_of(settings), clock)),)
