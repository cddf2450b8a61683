"""A training in a child process: started, fed and heard, killed when its taker has enough of it. What the child does
stands in training_child; this loads no scikit-learn.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from services.fraud_detection.models.domain.training import LabelledLine
from services.fraud_detection.models.scoring import training_child
from services.fraud_detection.models.scoring.training_child import LENGTH, TrainingTerms
from services.fraud_detection.models.scoring.training_words import (
    Crashed,
    Killed,
    OutOfMemory,
    OutOfTime,
    Training,
    TrainingProgress,
    Word,
)
from shared.process.clock import monotonic
from shared.process.logs import get_logger

NICENESS: Final = 10
"""Beside a process that decides, on one core, a training gets a tenth of it; alone it gets all."""
TURN_SECONDS: Final = 0.25
"""How long a taker waits for a word at most, and so how fast it notices that it should stop."""
_PIECE: Final = 64 * 1024
"""What a pipe holds."""
_SHOWN: Final = 4000
"""Characters of a child's last words that go into the log: a trace is some two thousand."""
_ROOT: Final = Path(__file__).parents[4]
_FROM_OUTSIDE: Final = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT})

log = get_logger()


@dataclass(frozen=True, slots=True)
class TrainingLimits:
    """What one training may take."""

    memory_mib: int
    threads: int
    minutes: int


def train_in_a_child(limits: TrainingLimits, rows: int, pages: Iterator[list[LabelledLine]]) -> Training:
    """A ``training_words.Train``, with its limits bound. Closing it kills the child."""
    deadline = monotonic() + limits.minutes * 60
    with tempfile.TemporaryFile() as errors, _child(limits, errors) as process:
        try:
            terms = TrainingTerms(rows, limits.memory_mib, limits.threads, NICENESS)
            last: Word | None = None
            for word in _Talk(process, _pieces(terms, pages)).words():
                last = word or last
                yield word
                if monotonic() > deadline:
                    yield OutOfTime(limits.minutes)
                    return
            if last is None or isinstance(last, TrainingProgress):
                yield _end(process.wait(), limits, errors)
        finally:
            process.kill()


def _child(limits: TrainingLimits, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """With nothing of our environment, which holds keys."""
    threads = str(limits.threads)
    return subprocess.Popen(  # noqa: S603  # our own module
        (sys.executable, "-m", training_child.__name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=_ROOT,
        env={"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        bufsize=0,
    )


def _pieces(terms: TrainingTerms, pages: Iterator[list[LabelledLine]]) -> Iterator[bytes]:
    """Each as a length and its bytes; a length of zero ends them."""
    yield _piece(msgspec.msgpack.encode(terms))
    for page in pages:
        yield _piece(msgspec.msgpack.encode(page))
    yield _piece(b"")


def _piece(data: bytes) -> bytes:
    return len(data).to_bytes(LENGTH) + data


class _Talk:
    """Both directions at once: a child that reads slowly must not keep us from our heartbeat."""

    def __init__(self, process: subprocess.Popen[bytes], pieces: Iterator[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  # a pipe
        assert process.stdout is not None  # noqa: S101  # a pipe
        self._stdin, self._output = process.stdin, process.stdout.fileno()
        self._pieces = pieces
        self._rest = memoryview(b"")
        self._heard = bytearray()
        self._decoder = msgspec.msgpack.Decoder(Word)
        os.set_blocking(self._stdin.fileno(), False)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN | select.POLLHUP)
        self._poll.register(self._stdin, select.POLLOUT)

    def words(self) -> Iterator[Word | None]:
        """Until the child's output ends."""
        while True:
            happened = dict(self._poll.poll(TURN_SECONDS * 1000))
            if happened.keys() - {self._output}:
                self._feed()
            if self._output in happened:
                piece = os.read(self._output, _PIECE)
                if not piece:
                    return
                self._heard += piece
            yield from self._whole_words()
            yield None

    def _feed(self) -> None:
        if not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                self._end_of_input()
                return
            self._rest = memoryview(piece)
        try:
            self._rest = self._rest[self._stdin.write(self._rest[:_PIECE]) or 0 :]
        except BrokenPipeError:
            # It ended early: how, is seen at the end of its output.
            self._end_of_input()

    def _end_of_input(self) -> None:
        self._poll.unregister(self._stdin)
        self._stdin.close()

    def _whole_words(self) -> Iterator[Word]:
        while len(self._heard) >= LENGTH:
            end = LENGTH + int.from_bytes(self._heard[:LENGTH])
            if len(self._heard) < end:
                return
            data = bytes(self._heard[LENGTH:end])
            del self._heard[:end]
            yield self._decoder.decode(data)


def _end(status: int, limits: TrainingLimits, errors: IO[bytes]) -> Word:
    """What became of a child that ended without its last word."""
    if status in _FROM_OUTSIDE:
        return Killed()
    errors.seek(0)
    said = errors.read().decode(errors="replace")
    if status < 0:
        # A library that gets no memory may abort, or fall over what it did not get.
        log.warning("training_broke_off", signal=signal.Signals(-status).name, said=said[-_SHOWN:])
        return OutOfMemory(limits.memory_mib)
    lines = said.strip().splitlines()
    error = lines[-1].partition(":")[0] if lines else f"exit {status}"
    if error in {"MemoryError", "numpy._core._exceptions._ArrayMemoryError"}:
        return OutOfMemory(limits.memory_mib)
    log.error("training_crashed", said=said[-_SHOWN:])
    return Crashed(error)
