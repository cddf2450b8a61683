"""A relay or a worker as a process of its own, to be killed by tests: ``python -m tests.faults.messaging_child KIND``.

The kinds ``..._hangs`` stop for good at the worst moment, having told so by making a file, and wait to be killed. The
product has no switch for this: the step after that moment is replaced here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from shared.db.pool import Database
from shared.events.payouts import PayoutChanged
from shared.messaging import relay, worker
from shared.messaging.consumer import SubscriptionRunner
from shared.messaging.kafka_link import Link
from shared.messaging.relay import Relay
from shared.messaging.subscription import Subscription
from shared.process import logs
from shared.process.health import Health
from shared.process.shutdown import Stopping
from tests.shared.messaging.builders import SERVICE, TOPIC, count_effect


def hang(*_arguments: Any) -> NoReturn:
    Path(os.environ["REACHED"]).touch()
    while True:
        time.sleep(60)


def run_relay(url: str, link: Link, stopping: Stopping) -> None:
    relay.run(SERVICE, link, url, Health(), stopping)


def run_worker(url: str, link: Link, stopping: Stopping) -> None:
    database = Database(url, size=6)
    subscription = Subscription("reader", (TOPIC,), {PayoutChanged: count_effect}, batch=20)
    worker.run(
        SERVICE,
        link=link,
        database=database,
        subscriptions=[subscription],
        jobs=[],
        health=Health(),
        stopping=stopping,
    )
    database.close()


def main() -> None:
    kind = sys.argv[1]
    logs.configure(SERVICE, kind, "WARNING")
    stopping = Stopping()
    stopping.listen()
    if kind == "relay_hangs":
        setattr(Relay, "_mark", hang)  # noqa: B010  # between the acknowledgement and the removal
    if kind == "worker_hangs":
        setattr(SubscriptionRunner, "_commit", hang)  # noqa: B010  # between the database's commit and the offset's
    runs: dict[str, Callable[[str, Link, Stopping], None]] = {"relay": run_relay, "worker": run_worker}
    link = Link(os.environ["BOOTSTRAP"], os.environ["PREFIX"])
    runs[kind.partition("_")[0]](os.environ["DATABASE"], link, stopping)


if __name__ == "__main__":
    main()
