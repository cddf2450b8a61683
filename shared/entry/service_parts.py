"""What a service is made of, as one value. Each part imports what it needs when it is asked for, not before.

So a web process loads no Kafka client, and ``migrate`` loads no web framework.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.entry.verify import Check
from shared.process.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from typer import Typer

    from shared.db.pool import Database
    from shared.messaging.jobs import Job
    from shared.messaging.subscription import Subscription
    from shared.process.clock import Clock

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class ServiceParts(Generic[S]):
    """One service, e.g. ``PARTS`` in services/payout/app.py."""

    name: str
    """The package's name, e.g. ``fraud_detection``."""
    settings: type[S]
    migrations: Path
    web: Callable[[S], Flask]
    """The HTTP application. It connects to nothing until the first request."""
    subscriptions: Callable[[S, Database, Clock], tuple[Subscription, ...]]
    jobs: Callable[[S, Database, Clock], tuple[Job, ...]]
    checks: Callable[[S, Database], tuple[Check, ...]]
    """The service's invariants; those that all services share are added."""
    gather_seconds: float = 0.0
    """How long the relay lets events gather after those that it has just sent: few messages to Kafka cost less than
    many, where nobody waits for one. The first after a silence is sent at once."""
    after_migrate: Callable[[S, Database], None] | None = None
    """What a fresh database needs beside its schema, e.g. the first product; done after each ``migrate``, so harmless
    when done twice."""
    add_commands: Callable[[Typer], None] | None = None
    """Adds the commands that this service alone has to its command line."""
