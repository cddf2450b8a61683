"""Work that a service does by itself, again and again. The worker runs each job; what it does is the service's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.db.pool import Database
from shared.db.transaction import Tx


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
