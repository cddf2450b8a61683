"""What time it is: business time through a Clock, real time for tokens, leases and back-off.

Where a sandbox keeps how far its time was moved is shared.db.sandbox_clock's business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

FURTHEST = timedelta(days=7300)
"""How far a sandbox may be ahead: twenty years, beyond any policy, and no arithmetic with dates overflows."""


class Clock(Protocol):
    """Business time: waiting periods, deadlines, effective dates. A sandbox may move it forward."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...


def wall_now() -> datetime:
    """Real time, for token expiry and leases: a sandbox does not move it."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward, for measuring and waiting."""
    return time.monotonic()


class SystemClock:
    """Business time is real time."""

    def now(self) -> datetime:
        return wall_now()


class SandboxClock:
    """Real time plus the offset that the sandbox's users asked for. Never goes back.

    ``read_offset`` asks the place where all processes agree on it; the answer is kept for ``ttl_seconds``
    (a quarter of a second: short beside a person's patience, long beside the microseconds of a request).
    """

    def __init__(self, read_offset: Callable[[], timedelta], ttl_seconds: float = 0.25) -> None:
        self._read_offset = read_offset
        self._ttl_seconds = ttl_seconds
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._good_until = float("-inf")

    def now(self) -> datetime:
        if monotonic() >= self._good_until:
            self.refresh()
        return wall_now() + self._offset

    def refresh(self) -> None:
        """Read the offset again now, e.g. after this process moved it."""
        offset = self._read_offset()
        with self._lock:
            self._offset = max(self._offset, offset)
            self._good_until = monotonic() + self._ttl_seconds
