"""Waits until something becomes true, with a limit. What is waited for is said by the steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

Found = TypeVar("Found")


class TookTooLong(Exception):
    """Something did not become true in time."""


class Progress(Protocol):
    """How a step says how far it is."""

    def __call__(self, done: int, total: int) -> None: ...


def silent(done: int, total: int) -> None:
    """For who does not want to know."""


def until(what: str, look: Callable[[], Found | None], *, seconds: float = 90, every: float = 0.2) -> Found:
    """The first answer of ``look`` that is not None."""
    limit = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > limit:
            raise TookTooLong(f"after {seconds:.0f} s: {what}")
        time.sleep(every)
