"""Lets several threads of one worker do parts of files at once, and says which part has to wait for which.

Of several lines about one person the first counts, in whichever parts they stand. So a part says whom it names, and of
two parts of a batch the later waits for the end of the earlier where both name somebody, or where either may not be
done beside another. That no other worker is at the same batch is the database's business (batches.take_next).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Self

from services.enrollment.files.store import batches
from services.enrollment.files.store.batches import Work
from shared.db.transaction import Tx
from shared.process.clock import monotonic
from shared.process.new_ids import new_id
from shared.values.ids import BatchId


class Overtaken(Exception):
    """An earlier part, which names the same persons, was not stored: this one is to be undone and comes after it."""


class UnderWay:
    """What the threads of one worker are at."""

    def __init__(self) -> None:
        self.worker: Final = new_id()
        self.changed: Final = threading.Condition()
        self.turns: Final[list[Turn]] = []
        self.counted_until: Final[dict[BatchId, float]] = {}
        """Up to when on the monotonic clock the work on a batch is counted."""
        self.known_persons: Final[set[BatchId]] = set()
        """Batches whose last part named people who are covered already or opted out."""

    def turn(self) -> Turn:
        """To be entered before the transaction of a part is begun, and left after its end."""
        return Turn(self)


class Turn(AbstractContextManager["Turn"]):
    """One part of a batch on its way, from before its transaction until after it."""

    def __init__(self, under_way: UnderWay) -> None:
        self._all = under_way
        self._began = monotonic()
        self._work: Work | None = None
        self._overtaken = False
        self._has_said = False
        self._names: frozenset[bytes] | None = None
        """Whom it names; None for whomever."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._all.changed:
            if self._work is None:
                return
            self._all.turns.remove(self)
            if kind is not None:
                for later in self._all.turns:
                    later._overtaken |= later._waits_for(self)  # noqa: SLF001  # of its own class
            if not any(self._is_of(each) for each in self._all.turns):
                self._all.counted_until.pop(self._work.batch_id, None)
                if kind is None and self._work.last:
                    self._all.known_persons.discard(self._work.batch_id)
            self._all.changed.notify_all()

    def take(self, tx: Tx) -> Work | None:
        """The next part that nobody is at; None where there is none."""
        with self._all.changed:
            busy: dict[BatchId, list[int]] = {}
            for each in self._all.turns:
                work = each.work
                busy.setdefault(work.batch_id, []).append(work.part_no)
            self._work = batches.take_next(tx, self._all.worker, busy)
            if self._work is not None:
                self._all.turns.append(self)
            return self._work

    @property
    def worker(self) -> str:
        """Which worker it is of."""
        return self._all.worker

    @property
    def taken(self) -> Work | None:
        """The part that it took, also after its end."""
        return self._work

    @property
    def work(self) -> Work:
        assert self._work is not None  # noqa: S101  # turns on the list have taken a part
        return self._work

    def wait_for_all(self) -> None:
        """Until each earlier part of the batch has ended; later ones wait for this one.

        Raises:
            Overtaken: one of them was not stored.
        """
        self._wait(None)

    def wait_for(self, persons: Iterable[bytes]) -> None:
        """The same for those earlier parts that name one of these persons, known by their tokens."""
        self._wait(frozenset(persons))

    def seconds(self) -> float:
        """How long it took until now, less what was counted already for a part beside it."""
        with self._all.changed:
            now = monotonic()
            since = max(self._began, self._all.counted_until.get(self.work.batch_id, self._began))
            self._all.counted_until[self.work.batch_id] = now
            return now - since

    @property
    def expects_known_persons(self) -> bool:
        """Whether the first part, or one just before, named people who cannot be covered: mostly, so do the next."""
        return self.work.part_no == 0 or self.work.batch_id in self._all.known_persons

    def note_known_persons(self, known: Collection[bytes]) -> None:
        """These persons could not be covered."""
        if known:
            self._all.known_persons.add(self.work.batch_id)
        else:
            self._all.known_persons.discard(self.work.batch_id)

    def _wait(self, names: frozenset[bytes] | None) -> None:
        with self._all.changed:
            self._has_said, self._names = True, names
            self._all.changed.notify_all()
            self._all.changed.wait_for(lambda: not any(self._waits_for(each) for each in self._all.turns))
            if self._overtaken:
                raise Overtaken

    def _waits_for(self, other: Turn) -> bool:
        if not self._is_of(other) or other.work.part_no >= self.work.part_no:
            return False
        if not self._has_said or not other._has_said or self._names is None or other._names is None:
            return True
        return not self._names.isdisjoint(other._names)

    def _is_of(self, other: Turn) -> bool:
        return other.work.batch_id == self.work.batch_id
