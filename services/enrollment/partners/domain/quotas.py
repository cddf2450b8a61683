"""The windows in which a partner's quota is counted, and how much of one is given out at a time. Pure.

Windows are fixed: minutes of the clock, and days of Shanghai. So the bound is exact within each window, and over the
edge of two windows at most twice as much may pass in a short time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

QuotaKind = Literal["enrollments_a_minute", "rows_a_day"]

_DAY_ZONE: Final = ZoneInfo("Asia/Shanghai")
_SHARES: Final = 32
"""A web process takes a thirty-second of what is left, so that of a window that nobody uses up hardly anything is
written, and of one that is used up hardly anything lies with a process that does not need it: what is left halves every
22 blocks, and the last permits are taken one by one."""


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begins_at``, for as long as its kind says."""

    kind: QuotaKind
    begins_at: datetime
    ends_at: datetime

    def seconds_left(self, now: datetime) -> int:
        """Whole seconds until the next window, at least one."""
        return max(1, -((now - self.ends_at) // timedelta(seconds=1)))


def window_of(kind: QuotaKind, now: datetime) -> Window:
    """The window that ``now`` is in."""
    if kind == "enrollments_a_minute":
        begins_at = now.replace(second=0, microsecond=0)
        return Window(kind, begins_at, begins_at + timedelta(minutes=1))
    begins_at = now.astimezone(_DAY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(kind, begins_at, begins_at + timedelta(days=1))


def block(left: int) -> int:
    """How many permits to take at once of so many that are left, of which there is at least one."""
    return max(1, left // _SHARES)
