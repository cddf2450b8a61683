"""Keeps a file from being worked off before every process was killed: some of its parts pass between the kills."""

from __future__ import annotations

import random
import threading
import time
from contextlib import closing
from typing import Final, Self

import psycopg2

from deploy.local.stack import Stack
from services.enrollment.people.store import opt_outs
from shared.db.pool import Database
from shared.db.transaction import Tx

HELD_SECONDS: Final = (0.2, 1.5)
LET_GO_SECONDS: Final = 0.3
FEW: Final = 4
"""Parts: as many as may pass at once, by two threads each of two workers."""

_LEFT: Final = """
SELECT count(*) FROM batch_parts p JOIN batches b USING (batch_id)
WHERE b.state IN ('received', 'processing') AND p.sealed IS NOT NULL
"""


class Brake:
    """Holds what a part waits for in the middle of its transaction: the lock at which an opt-out meets enrollments."""

    def __init__(self, system: Stack, rng: random.Random) -> None:
        self._url = system.database_url("enrollment")
        self._rng = rng
        self._off = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the rest pass."""
        self._off.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(Database(self._url, size=1)) as database:
            while not self._off.is_set():
                try:
                    with database.transaction() as tx:
                        self._hold(tx)
                except (psycopg2.OperationalError, psycopg2.InterfaceError):
                    time.sleep(0.02)  # PostgreSQL is one of those that are killed.
                else:
                    self._off.wait(LET_GO_SECONDS)

    def _hold(self, tx: Tx) -> None:
        """For a while, and as long as few parts are left."""
        tx.execute(opt_outs._SHUT_GATE)  # without a person
        until = time.monotonic() + self._rng.uniform(*HELD_SECONDS)
        while not self._off.wait(0.05):
            row = tx.one(_LEFT)
            assert row is not None
            if row[0] > FEW and time.monotonic() > until:
                return
