"""Where the several processes of one web server add up their metrics. What is counted stands in shared.process.metrics.

prometheus-client decides by an environment variable, at import, whether values live in memory or in shared files;
so this module sets it without importing the client, and must run first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def use(directory: Path) -> None:
    """Keep values in files of ``directory``, emptied first: counts of an earlier run are not this one's."""
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client was imported before its directory was chosen")
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(directory)


def worker_ended(pid: int) -> None:
    """Forget the gauges of a process that is gone; its counters stay part of the sum."""
    from prometheus_client import multiprocess  # noqa: PLC0415  # only where the directory is in use

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # untyped in prometheus-client
