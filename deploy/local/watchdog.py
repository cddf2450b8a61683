"""Sees to it that nothing outlives the process that started it, even one ended by kill -9; works on Linux and macOS.

A small process of its own session holds the reading end of a pipe; the system closes the other end when the owner
goes, however it
goes. Then each process that carries the owner's mark in its environment is ended, and the folder is wiped if that was
asked.
An orderly stop is the owner's business; the sweep after it finds nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

MARK = "FANGZHA_STACK"
"""The environment variable by which the processes of one stack are known; its value is the stack's folder."""

GRACE_SECONDS = 3.0
"""PostgreSQL ends within this after SIGQUIT, and so frees its shared memory; kill -9 would leave that behind."""

SWEEP_SECONDS = 20.0
SETTLE_SECONDS = 0.3


def marked(mark: str) -> Iterator[psutil.Process]:
    """The running processes that carry ``mark``, or that of a stack in its folder; never this one."""
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            carried = process.environ().get(MARK, "")
            ours = carried == mark or carried.startswith(f"{mark}{os.sep}")
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def sweep(mark: str, *, spare: frozenset[int] = frozenset()) -> int:
    """End each process that carries ``mark``; how many there were. One that starts meanwhile is ended too."""
    ended: set[int] = set()
    started = time.monotonic()
    while time.monotonic() - started < SWEEP_SECONDS:
        found = [process for process in marked(mark) if process.pid not in spare]
        if not found:
            break
        patient = time.monotonic() - started < GRACE_SECONDS
        for process in found:
            ended.add(process.pid)
            with contextlib.suppress(psutil.Error):
                gentle = patient and process.name().startswith("postgres")
                process.send_signal(signal.SIGQUIT if gentle else signal.SIGKILL)
        time.sleep(0.05)
    return len(ended)


class Watchdog:
    """Started before the first child of an owner; ``close`` sweeps and waits for it."""

    def __init__(self, mark: str, *, wipe: Path | None = None) -> None:
        command = [sys.executable, "-m", __spec__.name, mark, *([str(wipe)] if wipe else [])]
        # The mark is not in the environment of the watchdog itself, or one watchdog would end another.
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
            env=environment,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """Say that the owner is done; returns when nothing is left."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(SWEEP_SECONDS + 10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _watch(mark: str, wipe: str | None) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 4096):
        pass
    # Twice: a child that its owner had forked but not yet turned into its program carries no mark in that moment.
    sweep(mark)
    time.sleep(SETTLE_SECONDS)
    sweep(mark)
    if wipe:
        shutil.rmtree(wipe, ignore_errors=True)


if __name__ == "__main__":
    _watch(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)  # noqa: PLR2004 - mark, then the folder to wipe
