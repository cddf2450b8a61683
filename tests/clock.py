"""What time it is for tests, which must pass on every day: whoever writes one reads it here, not from the machine.

Business time is real time, or begins at CLOCK_START anew for each test (``make test START=2028-02-29T00:02+08:00``);
sandboxes that a test starts begin then too. Tokens, leases and webhooks go by real time, whatever the day.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from deploy.local.durations import parse_moment
from shared.process.clock import wall_now

ZONE: Final = ZoneInfo("Asia/Shanghai")
_VARIABLE: Final = "CLOCK_START"
START: Final = parse_moment(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None


class TestsClock:
    """A business clock; goes back to START when a test begins."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.begin()

    def begin(self) -> None:
        """It is START again, if there is one."""
        if START is None:
            return
        self.ahead = START - wall_now()
        if self.ahead < timedelta(0):
            raise ValueError(f"{_VARIABLE} is {START}, which is past: a sandbox's time is never behind real time")

    def now(self) -> datetime:
        return real_now() + self.ahead


def real_now() -> datetime:
    """The machine's time, for what no sandbox moves."""
    return wall_now()


CLOCK: Final = TestsClock()


def now() -> datetime:
    """Business time."""
    return CLOCK.now()


def today() -> date:
    """The day that it is where the insured live."""
    return now().astimezone(ZONE).date()


def sandbox() -> dict[str, str]:
    """Settings that make a process a sandbox in which it is now what it is here."""
    return {"SANDBOX": "true", "SANDBOX_CLOCK_AHEAD": f"PT{CLOCK.ahead.total_seconds():.6f}S"}
