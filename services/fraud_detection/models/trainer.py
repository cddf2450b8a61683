"""What the trainer does: trains the models that were asked for, one at a time, each in a child process, and profiles
datasets that nobody asked a model of yet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.fraud_detection.models.scoring.training_process import TrainingLimits, train_in_a_child
from services.fraud_detection.models.usecases.profile_dataset import profile_next
from services.fraud_detection.models.usecases.train_model import Trainer, train_next
from services.fraud_detection.models.wiring import signer_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.process.clock import Clock
from shared.process.shutdown import Stopping


def jobs(
    settings: Settings, database: Database, clock: Clock, stopping: Stopping, turned: Callable[[], None]
) -> tuple[Job, ...]:
    limits = TrainingLimits(settings.training_memory_mib, settings.training_threads, settings.training_minutes)
    train = partial(train_in_a_child, limits)
    # A person waits for the model, and asking costs one index look-up: a second.
    trainer = Trainer(database, signer_of(settings), clock, train, stopping, turned)

    def going() -> bool:
        turned()
        return not stopping.requested()

    return (Job("train_models", 1.0, lambda: train_next(trainer) or profile_next(database, clock, going=going)),)
