"""Group commit: requests that come while others are at work are done together, in one transaction paid for once.

Whoever finds nobody at work leads a group at once, alone if need be, so a quiet service waits for nothing. Who comes
meanwhile waits; the first of them leads the next group, of all who wait. What is done for a group is its user's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST_ITEMS: Final = 64
"""In one group: its first one waits for the work of the last."""
MOST_GROUPS: Final = 3
"""At the same time. One is the rule; others begin where that one is held up, by a lock of the database perhaps."""
PATIENCE_SECONDS: Final = 0.1
"""How long one waits before it begins a group beside those that run. They take a few milliseconds as a rule."""


def _held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Place(Generic[Item, Outcome]):
    """One that waits, and what became of it."""

    item: Item
    woken: threading.Lock = field(default_factory=_held)
    """Let go of once, by who has done its work or hands over: an Event costs 5 us more, of some 500 a request."""
    leads: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    """One, or none where its group failed as a whole."""


class GroupCommit(Generic[Item, Outcome]):
    """``work`` gets the items of one group and gives an outcome for each, in order; safe among threads."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Outcome]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._waiting: deque[_Place[Item, Outcome]] = deque()
        self._running = 0

    def take(self, item: Item) -> Outcome:
        """The outcome of ``item``. Where a group of several fails, each of them is worked on alone, in its own thread.

        Raises:
            Exception: what ``work`` raised on this item alone.
        """
        own: _Place[Item, Outcome] = _Place(item)
        if self._may_lead(own) or self._waited(own):
            self._lead(own)
        if not own.outcomes:
            own.outcomes.extend(self._work([item]))
        return own.outcomes[0]

    def _may_lead(self, own: _Place[Item, Outcome]) -> bool:
        with self._lock:
            if self._running:
                self._waiting.append(own)
                return False
            self._running = 1
            return True

    def _waited(self, own: _Place[Item, Outcome]) -> bool:
        """Wait for a group; whether it is to be led by oneself."""
        while not own.woken.acquire(timeout=PATIENCE_SECONDS):
            with self._lock:
                if own in self._waiting and self._running < MOST_GROUPS:
                    self._waiting.remove(own)
                    self._running += 1
                    return True
        return own.leads

    def _lead(self, own: _Place[Item, Outcome]) -> None:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(MOST_ITEMS - 1, len(self._waiting)))]
        group = [own, *others]
        try:
            outcomes = self._work([each.item for each in group])
            for each, outcome in zip(group, outcomes, strict=True):
                each.outcomes.append(outcome)
        except Exception:
            if not others:
                raise
        finally:
            self._hand_over()
            for each in others:
                each.woken.release()

    def _hand_over(self) -> None:
        with self._lock:
            if self._waiting:
                following = self._waiting.popleft()
                following.leads = True
                following.woken.release()
            else:
                self._running -= 1
