"""Work that a service does by itself, again and again. A process runs each job; what it does is the service's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import PASSING
from shared.messaging.retry_delay import delay
from shared.process import metrics
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.process.shutdown import Stopping

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` does a bounded piece of work in transactions of its own and says whether more waits right now.

    It is called again at once after True, and ``every_seconds`` (of real time) later after False. All workers of a
    service run each job, so it takes its rows with ``FOR UPDATE SKIP LOCKED`` or does what is harmless when done twice.
    """

    name: str
    every_seconds: float
    run: Callable[[], bool]


def in_a_transaction(database: Database, work: Callable[[Tx], bool]) -> Callable[[], bool]:
    """One transaction of ``work``."""

    def run() -> bool:
        with database.transaction() as tx:
            return work(tx)

    return run


def repeating(job: Job, stopping: Stopping, *, passing: tuple[type[Exception], ...] = PASSING) -> Callable[[], None]:
    """Run ``job`` until the process should stop; after a ``passing`` fault, again with back-off."""

    def repeat() -> None:
        failures = 0
        while not stopping.requested():
            began = monotonic()
            try:
                more = job.run()
            except passing as error:
                failures += 1
                metrics.JOB_RUNS.labels(job.name, "retried").inc()
                _log.warning("job_retries", job=job.name, error=type(error).__name__, failures=failures)
                stopping.wait(delay(failures))
                continue
            except Exception:
                metrics.JOB_RUNS.labels(job.name, "crashed").inc()
                raise
            failures = 0
            metrics.JOB_RUNS.labels(job.name, "done").inc()
            metrics.JOB_SECONDS.labels(job.name).observe(monotonic() - began)
            if not more:
                stopping.wait(job.every_seconds)

    return repeat
