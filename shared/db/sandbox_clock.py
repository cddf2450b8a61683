"""Where a sandbox's processes agree how far its business time is ahead. Only sandboxes offer a way to move it (web)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.db.errors import ClockCannotGoBack
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock, SandboxClock, SystemClock, wall_now

_OFFSET: Final = "SELECT ahead FROM sandbox_clock"
_LOCK: Final = "SELECT ahead FROM sandbox_clock FOR UPDATE"
_BEGIN: Final = "UPDATE sandbox_clock SET ahead = %(ahead)s, moved_at = clock_timestamp() WHERE ahead < %(ahead)s"
_ADVANCE: Final = "UPDATE sandbox_clock SET ahead = %s, moved_at = clock_timestamp()"


def clock_for(database: Database, *, sandbox: bool, begins_ahead: timedelta = timedelta(0)) -> Clock:
    """The business clock of a process: real time, or real time plus what this database says.

    A sandbox whose time is not yet ``begins_ahead`` of real time is moved there by whichever process asks first.
    """
    if not sandbox:
        return SystemClock()

    def read_offset() -> timedelta:
        with database.transaction() as tx:
            ahead = offset(tx)
            if ahead >= begins_ahead:
                return ahead
            tx.execute(_BEGIN, {"ahead": begins_ahead})
            return begins_ahead

    return SandboxClock(read_offset)


def offset(tx: Tx) -> timedelta:
    """How far business time is ahead of real time; zero until it was moved."""
    return tx.one(_OFFSET, into=timedelta) or timedelta(0)


def advance(tx: Tx, to: datetime) -> datetime:
    """Make ``to`` the business time as of now; the new time. All processes follow within their clocks' patience.

    Raises:
        ClockCannotGoBack: ``to`` is in the past of this sandbox.
    """
    before = tx.one(_LOCK, into=timedelta) or timedelta(0)
    now = wall_now()
    if to < now + before:
        raise ClockCannotGoBack(now=(now + before).isoformat(), to=to.isoformat())
    tx.execute(_ADVANCE, (to - now,))
    return to
