"""A worker of payout that is killed at a moment that the test chooses."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.payout.worker_process import worker_process


@contextmanager
def killed_when(settings: dict[str, str], log: Path, reached: Callable[[], bool]) -> Iterator[None]:
    """A worker runs until ``reached``, then it is killed; the block runs after that."""
    with worker_process(settings, log) as process:
        wait_for(reached, process, log)
        process.kill()
        process.wait()
        yield


def wait_for(reached: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)
