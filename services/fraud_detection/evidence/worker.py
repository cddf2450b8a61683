"""What the worker does about files by itself: makes pictures of them, and removes what nobody refers to."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.evidence.usecases.prepare_files import Preparing
from services.fraud_detection.evidence.usecases.sweep import drop_unclaimed, sweep
from services.fraud_detection.evidence.wiring import scanner_of, sealed_objects_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

LOOK_FOR_FILES_SECONDS: Final = 1.0
"""A reviewer comes minutes later; the question costs one look into an index that is mostly empty."""
SWEEP_SECONDS: Final = 60.0
UNCLAIMED_SECONDS: Final = 3600.0


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    sealed = sealed_objects_of(settings, database)
    return (
        Job("prepare_evidence", LOOK_FOR_FILES_SECONDS, Preparing(sealed, scanner_of(settings)).next),
        Job("sweep_evidence", SWEEP_SECONDS, lambda: sweep(sealed)),
        Job("drop_unclaimed_evidence", UNCLAIMED_SECONDS, lambda: drop_unclaimed(sealed, now=clock.now())),
    )
