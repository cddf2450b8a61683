from __future__ import annotations

from shared.db.pool import Database
from shared.entry import worker
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock
from tests.shared.entry.notes.settings import NotesSettings


def subscriptions(_settings: NotesSettings, _pool: Database, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: NotesSettings, pool: Database, _clock: Clock) -> tuple[Job, ...]:
    def tick() -> bool:
        with pool.transaction() as tx:
            tx.execute("INSERT INTO ticks VALUES (%s)", (len(settings.pen.get_secret_value()),))
        return False

    return (Job("tick", 0.1, tick),)


def run() -> None:
    worker.run(NotesSettings.load(), subscriptions, jobs)
