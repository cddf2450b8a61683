"""A worker of enrollment as a process, and events that reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from shared.events.envelope import Event
from shared.messaging import topics
from shared.messaging.kafka_link import Link, Producer
from shared.messaging.messages import Outgoing
from shared.process.new_ids import new_id
from tests import clock
from tests.services.enrollment.builders import settle

PATIENCE_SECONDS = 120.0

ROOT = Path(__file__).parents[4]


@contextmanager
def worker_database(environ: Mapping[str, str]) -> Iterator[Database]:
    """The database that ``environ`` names, settled, as a worker finds it; the topics of enrollment are made."""
    database = Database(environ["ENROLLMENT_DATABASE_URL"], size=2)
    settle(database)
    settings = TOOLS.settings.load(environ)
    subscriptions = TOOLS.subscriptions(settings, database, None)  # type: ignore[arg-type]  # ours ask for no clock
    topics.ensure("enrollment", subscriptions, Link.from_settings(settings), partitions=4, replication=1)
    yield database
    database.close()


@contextmanager
def worker(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.enrollment", "worker"],
        cwd=ROOT,
        env=os.environ | environ,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def send(environ: dict[str, str], *events: Event) -> None:
    """Put events on their topics as another service's relay does."""
    producer = Producer(Link.from_settings(TOOLS.settings.load(environ)), "test")
    messages = []
    for event in events:
        headers = {
            "ce_specversion": "1.0",
            "ce_id": new_id(),
            "ce_type": event.TYPE,
            "ce_source": "/fangzha/test",
            "ce_time": clock.now().isoformat(),
            "ce_subject": "x",
            "content-type": "application/json",
        }
        fixed = tuple((name, text.encode()) for name, text in headers.items())
        messages.append(Outgoing(event.TOPIC, new_id().encode(), msgspec.json.encode(event), fixed))
    assert None not in producer.send(messages)
    producer.close()
