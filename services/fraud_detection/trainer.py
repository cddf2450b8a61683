"""Fraud detection's trainer: makes the models that were asked for, in a process that decides nothing.

It needs its database and no broker; any number may run, and each model is held by one at a time.
"""

from __future__ import annotations

from services.fraud_detection.models import trainer as models
from services.fraud_detection.settings import Settings
from shared.entry import wiring
from shared.entry.surroundings import surroundings
from shared.messaging.jobs import repeating
from shared.messaging.progress import Progress


def run() -> None:
    """Until told to stop; what is under way then is broken off at once and given back."""
    settings = Settings.load()
    with surroundings("trainer", settings) as (health, stopping):
        # One connection works, the other answers for health.
        pool = wiring.database(settings, "trainer", size=2)
        progress = Progress("the trainer")
        health.register("database", pool.ping)
        health.register("trainer turns", progress.dead, live=True)
        clock = wiring.business_clock(settings, pool)
        try:
            # One wing has work for it, and one job: a second would wait for the first.
            (job,) = models.jobs(settings, pool, clock, stopping, progress.turned)
            repeating(job, stopping)()
        finally:
            pool.close()
