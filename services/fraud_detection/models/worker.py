"""What the worker does about models by itself: looks whether somebody trains those that wait. Training is trainer's."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.models.store import models
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.jobs import Job, in_a_transaction
from shared.messaging.subscription import Subscription
from shared.process import metrics
from shared.process.clock import Clock

_LOOKED_AT_SECONDS: Final = 15.0
"""As often as Prometheus asks."""


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(_settings: Settings, database: Database, _clock: Clock) -> tuple[Job, ...]:
    # Here and not in the trainer: one that is not there says nothing.
    return (Job("watch_training", _LOOKED_AT_SECONDS, in_a_transaction(database, _watch)),)


def _watch(tx: Tx) -> bool:
    metrics.TRAINING_UNATTENDED_SECONDS.set(models.unattended_seconds(tx))
    return False
