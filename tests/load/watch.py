"""What the processes of a stack use while a benchmark runs: CPU time by process, and the most memory of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

from deploy.local.processes import POSTGRESQL
from deploy.local.stack import Stack

SAMPLE_SECONDS = 0.25
MEGABYTE = 1_000_000


class Watch:
    """CPU seconds and peak memory by the names of the stack's processes, between ``begin`` and ``end``."""

    def __init__(self, stack: Stack) -> None:
        self._roots = _roots(stack)
        self._before: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.cpu_seconds: dict[str, float] = {}
        self.peak_megabytes: dict[str, float] = dict.fromkeys(self._roots, 0.0)
        """Resident, of the largest single process under that name."""

    def begin(self) -> None:
        self._before = cpu_seconds_of(self._roots)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        self.cpu_seconds = {
            name: seconds - self._before.get(name, 0.0) for name, seconds in cpu_seconds_of(self._roots).items()
        }

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for name, root in self._roots.items():
                for process in _family(root):
                    try:
                        memory = process.memory_info()
                    except psutil.Error:
                        continue
                    # PostgreSQL's processes map one buffer cache, and each would count what it touched of it.
                    shared = memory.shared if name == POSTGRESQL else 0
                    own = (memory.rss - shared) / MEGABYTE
                    self.peak_megabytes[name] = max(self.peak_megabytes[name], own)


def _roots(stack: Stack) -> dict[str, psutil.Process]:
    return {name: psutil.Process(stack.pid(name)) for name in stack.processes()}


def cpu_seconds_of(roots: Mapping[str, psutil.Process]) -> dict[str, float]:
    """CPU seconds since each began, with its children; those that have ended count if it waited for them."""
    found = {}
    for name, root in roots.items():
        total = 0.0
        for process in _family(root):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        ended = root.cpu_times()
        found[name] = total + ended.children_user + ended.children_system
    return found


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


@contextmanager
def watching(stack: Stack) -> Iterator[Watch]:
    """Watch while the block runs."""
    watch = Watch(stack)
    watch.begin()
    try:
        yield watch
    finally:
        watch.end()
