"""Train the next queued model. Phases: take it (committed), read and train (no transaction stays open), keep what was
made (one transaction).

Who takes a model holds it by a lease that it renews, with how far it is: so a person sees it, a cancellation is noticed
at the next renewal, and what a dead trainer held is taken by another when the lease is over. What a model is made of is
scoring's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, assert_never

from services.fraud_detection.models.domain.data_warnings import of_report
from services.fraud_detection.models.domain.training import Phase
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.scoring.training_words import (
    Crashed,
    Killed,
    Made,
    OutOfMemory,
    OutOfTime,
    Train,
    TrainingProgress,
    Unusable,
    Word,
)
from services.fraud_detection.models.store import data_warnings, models, past_claims
from services.fraud_detection.models.store.models import Work
from services.fraud_detection.models.usecases.profile_dataset import profile_next
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import PASSING
from shared.messaging.retry_delay import delay
from shared.process import metrics
from shared.process.clock import Clock, monotonic
from shared.process.logs import get_logger
from shared.process.shutdown import Stopping

MOST_ATTEMPTS: Final = 4
"""A model whose trainer died this often kills trainers, most likely by the memory that its data needs."""
LEASE: Final = timedelta(seconds=30)
"""A restart of PostgreSQL takes less, and nobody waits much longer for the model of a trainer that died."""
RENEWED_AFTER_SECONDS: Final = 2.0
"""So fast a cancellation is noticed; one short update each time."""

log = get_logger()


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Trainer:
    """What a trainer works with. ``turned`` is called at least every second or so: it is not stuck."""

    database: Database
    signer: Signer
    clock: Clock
    train: Train
    stopping: Stopping
    turned: Callable[[], None] = _nothing


@dataclass(slots=True)
class Hold:
    """The lease of a model, as its trainer knows it."""

    database: Database
    work: Work
    until: float
    """In this process's own time, counted from before the server was asked: never later than the server's."""
    renewed_at: float = field(default_factory=monotonic)
    said: Phase = "reading"
    """As the database has it."""
    phase: Phase = "reading"
    share: float = 0.0

    def keeps(self) -> bool:
        """Renew it if it is time, or a phase began; False once it is canceled, another's, or over."""
        now = monotonic()
        if self.phase == self.said and now - self.renewed_at < RENEWED_AFTER_SECONDS:
            return True
        self.renewed_at, self.said = now, self.phase
        try:
            with self.database.transaction() as tx:
                kept = models.renew(tx, self.work, self.phase, self.share, LEASE)
        except PASSING as error:
            log.warning("lease_not_renewed", model_id=self.work.model_id, error=type(error).__name__)
            return monotonic() < self.until
        self.until = now + LEASE.total_seconds()
        return kept


def train_next(trainer: Trainer) -> bool:
    """Train one model, if one waits; whether to look again at once."""
    trainer.turned()
    began = monotonic()
    with trainer.database.transaction() as tx:
        work = begin(tx, trainer.clock)
    if work is None:
        return False
    log.info("training_begun", model_id=work.model_id, attempt=work.attempts)
    outcome = _last_word(trainer, Hold(trainer.database, work, until=began + LEASE.total_seconds()))
    if outcome is not None:
        _insist(trainer, work, outcome)
    elif trainer.stopping.requested():
        with trainer.database.transaction() as tx:
            models.give_back(tx, work, counts=False)
    else:
        metrics.TRAININGS.labels("let_go").inc()
        log.info("training_let_go", model_id=work.model_id)
    return True


def begin(tx: Tx, clock: Clock) -> Work | None:
    """Hold the oldest waiting model; give up on one that was begun too often."""
    work = models.take(tx)
    if work is None:
        return None
    if work.attempts >= MOST_ATTEMPTS:
        failure = f"Training was begun {work.attempts} times and never ended; try fewer past claims."
        models.fail(tx, work, failure, clock.now())
        metrics.TRAININGS.labels("given_up").inc()
        return None
    models.start(tx, work.model_id, LEASE)
    return Work(work.model_id, work.dataset_id, work.rows, work.attempts + 1)


def _last_word(trainer: Trainer, hold: Hold) -> Word | None:
    """How the training came out; None if it was broken off: we shall stop, or the model is not ours any more."""

    def going() -> bool:
        trainer.turned()
        return not trainer.stopping.requested() and hold.keeps()

    # What is doubtful about its data is told before a model is ready.
    profile_next(trainer.database, trainer.clock, dataset_id=hold.work.dataset_id, going=going)
    if not going():
        return None
    pages = past_claims.pages(hold.database, hold.work.dataset_id)
    with closing(trainer.train(hold.work.rows, pages)) as words:
        for word in words:
            trainer.turned()
            if isinstance(word, TrainingProgress):
                hold.phase, hold.share = word.phase, word.share
            elif word is not None:
                return word
            if trainer.stopping.requested() or not hold.keeps():
                return None
    return Killed()


def _insist(trainer: Trainer, work: Work, outcome: Word) -> None:
    """Keep the outcome, however long the database is away: what took an hour to make is not thrown away for that.

    Another trainer may take the model meanwhile; then nothing of ours is kept.
    """
    failures = 0
    while True:
        try:
            trainer.turned()
            with trainer.database.transaction() as tx:
                kept = _keep(tx, trainer, work, outcome)
        except PASSING as error:
            failures += 1
            log.warning("outcome_not_kept_yet", model_id=work.model_id, error=type(error).__name__, failures=failures)
            if trainer.stopping.wait(delay(failures)):
                return
            continue
        name = type(outcome).__name__
        metrics.TRAININGS.labels(_NAMES[type(outcome)] if kept else "let_go").inc()
        log.info("training_over", model_id=work.model_id, outcome=name, kept=kept, **_figures(outcome))
        return


_NAMES: Final[dict[type, str]] = {
    Made: "ready",
    Unusable: "unusable",
    OutOfMemory: "out_of_memory",
    OutOfTime: "out_of_time",
    Crashed: "crashed",
    Killed: "killed",
}


def _figures(outcome: Word) -> dict[str, float]:
    if not isinstance(outcome, Made):
        return {}
    return {"auc": outcome.auc, "average_precision": outcome.average_precision, "peak_mib": outcome.peak_mib}


def _keep(tx: Tx, trainer: Trainer, work: Work, outcome: Word) -> bool:
    """False if it was canceled or another trainer has it."""
    now = trainer.clock.now()
    match outcome:
        case Made():
            if not models.finish(tx, work, outcome.report, now):
                return False
            signed = trainer.signer.sign(work.model_id, outcome.artifact)
            models.add_artifact(tx, work.model_id, signed.data, signed.sha256, signed.signature)
            data_warnings.add_of_model(tx, work.model_id, of_report(outcome.report))
            return True
        case Killed() if work.attempts < MOST_ATTEMPTS:
            return models.give_back(tx, work, counts=True)
        case TrainingProgress():
            raise AssertionError("no last word")
        case _:
            return models.fail(tx, work, failure_of(outcome), now)


def failure_of(outcome: Unusable | OutOfMemory | OutOfTime | Crashed | Killed) -> str:
    """What the fraud team reads of it."""
    match outcome:
        case Unusable():
            return outcome.reason
        case OutOfMemory():
            return (
                f"Training needed more than the {outcome.mebibytes} MiB of memory that it may take. Train on fewer "
                "past claims, or have FRAUD_DETECTION_TRAINING_MEMORY_MIB raised, and the trainer's own limit with it."
            )
        case OutOfTime():
            return (
                f"Training took longer than the {outcome.minutes} minutes that it may take. Train on fewer past "
                "claims, or have FRAUD_DETECTION_TRAINING_MINUTES raised."
            )
        case Crashed():
            return (
                f"Training ended by a fault in the program ({outcome.error}); the trainer's log has the rest. Ask for "
                "the model again after it is mended."
            )
        case Killed():
            return (
                f"Training was killed from outside {MOST_ATTEMPTS} times, most likely for want of memory on its "
                "machine. Try fewer past claims."
            )
        case _:
            assert_never(outcome)
