"""A trainer in the process of the test: the same steps on the same database, and the model made at once."""

from __future__ import annotations

from collections.abc import Iterator

from services.fraud_detection.models.domain.training import LabelledLine
from services.fraud_detection.models.scoring.training_child import make_model
from services.fraud_detection.models.scoring.training_words import Train, Training
from services.fraud_detection.models.usecases.train_model import Trainer
from shared.db.pool import Database
from shared.process.shutdown import Stopping
from tests import clock
from tests.services.fraud_detection.models.builders import SIGNER


def at_once(rows: int, pages: Iterator[list[LabelledLine]]) -> Training:
    yield make_model(rows, pages)


def trainer_here(database: Database, train: Train = at_once, stopping: Stopping | None = None) -> Trainer:
    """``train`` makes the model, in a child process or in whichever way a test wants."""
    return Trainer(database, SIGNER, clock.CLOCK, train, stopping or Stopping())
