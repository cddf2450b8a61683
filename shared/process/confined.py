"""A child process that reads what strangers send: our own module, with little memory and time, and none of our keys.

Whatever a file does to the library that reads it, it does there. What the child says, and in which form, is its
caller's business.
"""

from __future__ import annotations

import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

REFUSED: Final = 65
"""The exit status by which a child says that it refused what it was given: EX_DATAERR of sysexits."""

_ROOT: Final = Path(__file__).parents[2]
_GRACE_SECONDS: Final = 5
_PIECE: Final = 64 * 1024
"""What a pipe holds."""
_ALONE: Final = {
    # What the system gave is given back at once, and no thread keeps memory for itself.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""The environment of a child: none of ours, which holds keys."""


class End(Enum):
    """How a child ended."""

    WELL = auto()
    REFUSED = auto()
    """By what it was given, and it said so."""
    BROKEN = auto()
    """By a signal of its own making: out of memory or time, or a fault in a library."""
    FAILED = auto()
    """By an exception that nobody expected."""
    STOPPED = auto()
    """From outside: nothing is known of what it was given."""


class Silent(Exception):
    """The child said nothing for longer than it may."""


class ConfinedChild:
    """Python with ``arguments``: ``-m`` and a module that calls ``confine`` first. ``stdin`` is a file, or a pipe."""

    def __init__(self, arguments: Sequence[str], stdin: IO[bytes] | None = None) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # our own module
            (sys.executable, *arguments),
            stdin=subprocess.PIPE if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_ROOT,
            env=_ALONE,
            bufsize=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def tell(self, data: Iterator[bytes]) -> None:
        """All of ``data``, to a child that says nothing before it read it to its end."""
        assert self.process.stdin is not None  # noqa: S101  # a pipe
        # A child that ended early says why at its end.
        with suppress(BrokenPipeError):
            for piece in data:
                rest = memoryview(piece)
                while rest:
                    rest = rest[self.process.stdin.write(rest) :]
        self.process.stdin.close()

    def pieces(self, silent_seconds: float) -> Iterator[bytes]:
        """What it says, as it comes.

        Raises:
            Silent: it said nothing for so long.
        """
        assert self.process.stdout is not None  # noqa: S101  # a pipe
        waiting = select.poll()
        waiting.register(self.process.stdout)
        while waiting.poll(silent_seconds * 1000):
            piece = self.process.stdout.read(_PIECE)
            if not piece:
                return
            yield piece
        raise Silent

    def ended(self) -> tuple[End, bytes]:
        """How it ended, after all that it said was read, and what it wrote on standard error."""
        assert self.process.stderr is not None  # noqa: S101  # a pipe
        said = self.process.stderr.read()
        status = self.process.wait()
        if not status:
            return End.WELL, said
        if status == REFUSED:
            return End.REFUSED, said
        if status in {-signal.SIGKILL, -signal.SIGTERM}:
            return End.STOPPED, said
        return (End.BROKEN if status < 0 else End.FAILED), said

    def end(self) -> None:
        """At once, if it did not by itself."""
        with self.process:
            self.process.kill()


def confine(memory_bytes: int, cpu_seconds: int) -> None:
    """To be called by the child before anything else: no more memory of data, as the system counts it, nor time."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    # By the lower limit the system says why (SIGXCPU); by the upper one it kills, as somebody from outside would.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + _GRACE_SECONDS))
