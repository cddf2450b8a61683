"""The whole system for tests: a stack of deploy.local on free ports, gone with the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from deploy.local import postgresql, sandbox_clock
from deploy.local.stack import Stack
from tests import clock

PATIENCE_SECONDS = 300.0


class RunningSystem(Stack):
    """A stack that a test may hurt: ``.url(service)``, ``.token(client)``, ``.bank_url``, ``.kill(process)``, …"""

    def advance(self, by: timedelta) -> datetime:
        """Move the sandbox's time forward for all processes and the bank; the new time."""
        return sandbox_clock.advance(self, by)

    def now(self) -> datetime:
        """The sandbox's time."""
        return sandbox_clock.read_clock(self)


@contextmanager
def running(folder: Path) -> Iterator[RunningSystem]:
    system = RunningSystem(
        folder,
        preferred_ports=False,
        postgresql_settings=postgresql.THROWAWAY,
        starts_at=clock.START,
    )
    system.start()
    try:
        yield system
    finally:
        system.stop()


def ready_again(system: Stack) -> None:
    """Wait for every process; where some were killed again and again, the supervisor may need a while."""
    for process in system.processes():
        system.wait(process, seconds=PATIENCE_SECONDS)
