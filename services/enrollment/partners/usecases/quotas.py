"""Holds partners to their quotas: single enrollments by blocks of permits, files by their rows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.enrollment.partners.domain.errors import LargerThanADay, TooManyEnrollments, TooManyRows
from services.enrollment.partners.domain.quotas import Window, window_of
from services.enrollment.partners.store import quotas
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.ids import PartnerId

_KEPT: Final = timedelta(days=2)
"""How long windows stay after they began: a file may be on its way in over midnight."""
_ASK_AGAIN: Final = timedelta(seconds=1)
"""How long a process believes that a quota is used up: a client that knocks on costs no look at the database, and a
contract that allows more is noticed soon."""


@dataclass(slots=True)
class _Permits:
    """What this process holds of one partner's window. ``most`` is None where the contract names no quota."""

    window: Window
    most: int | None
    left: int
    rests_until: datetime | None
    """Where nothing was given: until when nobody asks for more."""


class EnrollmentPermits:
    """The permits of one web process. Others have theirs; together they never hold more than the quota.

    A block is taken in a transaction of its own, on a connection of its own (a request that waited for one of its own
    pool's might wait for itself), so that no enrollment waits for another one's commit.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[PartnerId, _Permits] = {}
        self._lock = threading.Lock()

    def use_one(self, partner_id: PartnerId, now: datetime) -> None:
        """Use up one permit of this minute.

        Raises:
            TooManyEnrollments: there is none left; nothing was written.
        """
        with self._lock:
            held = self._current(partner_id, now)
            if held.most is None:
                return
            if held.left == 0:
                raise TooManyEnrollments(held.most, held.window.seconds_left(now))
            held.left -= 1

    def _current(self, partner_id: PartnerId, now: datetime) -> _Permits:
        held = self._held.get(partner_id)
        if held is None or now >= held.window.ends_at:
            return self._take(partner_id, window_of("enrollments_a_minute", now), now)
        rests = held.rests_until is not None and now < held.rests_until
        return held if held.most is None or held.left or rests else self._take(partner_id, held.window, now)

    def _take(self, partner_id: PartnerId, window: Window, now: datetime) -> _Permits:
        with self._database.transaction() as tx:
            most, left = quotas.lease(tx, partner_id, window)
        # A block that is used up is followed by the next one at once; only after a "no" there is a rest.
        held = self._held[partner_id] = _Permits(window, most, left, None if left else now + _ASK_AGAIN)
        return held


def check_rows(tx: Tx, partner_id: PartnerId, declared: int | None, *, now: datetime) -> None:
    """Before a file is read: refuse it where the day's rows are used up, or its declared ones are more than are left.

    Raises:
        TooManyRows, LargerThanADay: it would be refused at its end.
    """
    window = window_of("rows_a_day", now)
    standing = quotas.allowance(tx, partner_id, window)
    if standing is None or standing.most is None:
        return
    _fits_a_day(declared or 0, standing.most)
    if standing.left < (declared or 1):
        raise TooManyRows(standing.most, standing.left, window.seconds_left(now))


def use_rows(tx: Tx, partner_id: PartnerId, rows: int, *, now: datetime) -> None:
    """After a file is read: count its rows, in the transaction that takes it in, as late as can be.

    Files of one partner wait for each other from here to their commits; a file that is not taken in is not counted.

    Raises:
        TooManyRows: the day has not that many left.
        LargerThanADay: no day has.
    """
    window = window_of("rows_a_day", now)
    standing = quotas.allowance(tx, partner_id, window)
    if standing is None or standing.most is None:
        return
    _fits_a_day(rows, standing.most)
    if not quotas.take(tx, standing, window, rows):
        after = quotas.allowance(tx, partner_id, window)
        left = standing.left if after is None else after.left
        raise TooManyRows(standing.most, left, window.seconds_left(now))


def _fits_a_day(rows: int, most: int) -> None:
    if rows > most:
        raise LargerThanADay(rows, most)


def forget_windows(tx: Tx, *, now: datetime) -> bool:
    """Remove some of the windows that are over; whether there may be more."""
    return quotas.forget_before(tx, now - _KEPT) > 0
