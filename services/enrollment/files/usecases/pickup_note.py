"""What is noted of one content of one file at a partner's place: how often it was tried, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.enrollment.files.intake.pickup_places import FoundFile
from services.enrollment.files.store import picked_files, pickup_tries
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import wall_now
from shared.values.errors import FangzhaError

MOST_TRIES: Final = 5
"""Of a file whose reading ends by a bug, or with the process, each time. Some of that comes of what else is done just
then, and goes."""
_TRY_AGAIN: Final = timedelta(seconds=5)
"""After the first try; four times as long after each further one, some seven minutes in all. The other files go first,
and what killed a worker for another reason has some time to pass."""


@dataclass(frozen=True)
class NotWorkedOff(FangzhaError):
    """The file could not be worked off; ask the insurer."""


@dataclass(frozen=True, slots=True)
class Note:
    """That one content of one file is dealt with."""

    partner_no: int
    place: str
    found: FoundFile
    now: datetime

    def free(self, tx: Tx) -> bool:
        """Whether the file is this transaction's to take, and not taken meanwhile."""
        name = self.found.name
        if not picked_files.lock(tx, self.partner_no, self.place, name):
            return False
        return (name, self.found.etag) not in picked_files.known(tx, self.partner_no, self.place, [name])

    def add(self, tx: Tx, **what: Any) -> None:
        picked_files.add(tx, *self._file, now=self.now, **what)
        pickup_tries.forget(tx, self._file)

    def count_try(self, database: Database) -> int:
        """Count one in a transaction of its own, which stays where the process is killed by the file; how many by now.

        Raises:
            NotWorkedOff: it is one too many.
        """
        with database.transaction() as tx:
            tries = pickup_tries.count(tx, self._file)
            self._rest(tx, tries)
        if tries > MOST_TRIES:
            raise NotWorkedOff
        return tries

    def rest(self, database: Database, tries: int) -> None:
        """From now on, after so many tries."""
        with database.transaction() as tx:
            self._rest(tx, tries)

    def take_try_back(self, database: Database) -> None:
        with database.transaction() as tx:
            pickup_tries.take_back(tx, self._file)

    def _rest(self, tx: Tx, tries: int) -> None:
        # After the last try there is nothing to wait for.
        if tries < MOST_TRIES:
            pickup_tries.rest(tx, self._file, wall_now() + _TRY_AGAIN * 4 ** (tries - 1))

    @property
    def _file(self) -> pickup_tries.File:
        return self.partner_no, self.place, self.found.name, self.found.etag

    def store(self, database: Database, **what: Any) -> None:
        """In a transaction of its own, unless another worker was first."""
        with database.transaction() as tx:
            if self.free(tx):
                self.add(tx, **what)
