"""What a confined child process says of models, or why it says nothing. What is asked is probing's and comparing's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar, assert_never

from shared.process.confined import ConfinedChild, End, Silent
from shared.process.logs import get_logger

Answer = TypeVar("Answer")

log = get_logger()


@dataclass(frozen=True, slots=True)
class ChildAsked:
    """How a child is asked, and in which words it is told that there was no answer; one at a time in a process.

    ``failed`` is the event in the log where a library failed in it.
    """

    command: tuple[str, ...]
    silent_seconds: float
    failed: str
    silent: str
    stopped: str
    library: str
    too_much: str
    place: threading.Lock

    def answer(
        self, told: Iterator[bytes], *, read: Callable[[bytes], Answer], without: Callable[[str], Answer]
    ) -> Answer:
        """What it answered, by ``read``; ``without`` is given the reason where it did not."""
        with self.place, ConfinedChild(self.command) as child:
            child.tell(told)
            try:
                answer = b"".join(child.pieces(self.silent_seconds))
            except Silent:
                return without(self.silent)
            end, said = child.ended()
            match end:
                case End.WELL:
                    return read(answer)
                case End.STOPPED:
                    return without(self.stopped)
                case End.FAILED:
                    error = said.strip().rpartition(b"\n")[2].partition(b":")[0][:80].decode(errors="replace")
                    log.error(self.failed, error=error)
                    return without(f"{self.library} ({error})")
                case End.BROKEN | End.REFUSED:
                    return without(self.too_much)
                case _:
                    assert_never(end)
