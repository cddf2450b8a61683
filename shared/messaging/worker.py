"""The worker process: a thread for each subscription and each job, ended together. What they do is the service's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from shared.db.pool import Database
from shared.messaging import housekeeping
from shared.messaging.brokers_word import BrokersWord
from shared.messaging.consumer import SubscriptionRunner
from shared.messaging.failures import PASSING
from shared.messaging.jobs import Job, repeating
from shared.messaging.kafka_link import KafkaFault, Link, require_fast_checksums
from shared.messaging.subscription import Subscription
from shared.process.clock import monotonic
from shared.process.health import Health
from shared.process.logs import get_logger
from shared.process.shutdown import Stopping

DRAIN_SECONDS: Final = 25.0
"""What a batch or a job may still take after the process was asked to stop; Kubernetes kills after 30 by default."""

PASSING_HERE: Final = (*PASSING, KafkaFault)

_log = get_logger()


def run(
    service: str,
    *,
    link: Link,
    database: Database,
    subscriptions: Sequence[Subscription],
    jobs: Sequence[Job],
    health: Health,
    stopping: Stopping,
) -> None:
    """Until the process should stop. What was polled is finished and committed, and the groups are left.

    Raises:
        SystemExit: with 1, if a thread ended by a bug: the others are stopped too, and a supervisor starts anew.
    """
    require_fast_checksums()
    crashed = threading.Event()
    threads = []
    word = BrokersWord(service, subscriptions, link)
    for subscription in subscriptions:
        runner = SubscriptionRunner(service, subscription, link, database, stopping, word=word)
        health.register(f"consumer {subscription.name}", runner.progress.unready)
        health.register(f"consumer {subscription.name} turns", runner.progress.dead, live=True)
        health.register(f"group {subscription.group(service)}", runner.membership.unready)
        threads.append(_thread(f"consumer-{subscription.name}", runner.run, crashed, stopping))
    threads += [
        _thread(f"job-{job.name}", repeating(job, stopping, passing=PASSING_HERE), crashed, stopping)
        for job in (*jobs, *housekeeping.jobs(database))
    ]
    for thread in threads:
        thread.start()
    while not stopping.wait(1.0):
        pass
    deadline = monotonic() + DRAIN_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
        if thread.is_alive():
            _log.error("not_drained", thread=thread.name)
    word.close()
    if crashed.is_set():
        raise SystemExit(1)


def _thread(name: str, work: Callable[[], None], crashed: threading.Event, stopping: Stopping) -> threading.Thread:
    def guarded() -> None:
        try:
            work()
        except Exception:  # noqa: BLE001  # the end of a thread has to become the end of the process
            _log.exception("thread_crashed", thread=name)
            crashed.set()
            stopping.ask()

    return threading.Thread(target=guarded, name=name, daemon=True)
