"""A real worker process of payout, to be killed. Kafka is away from it: paying must not hang on the broker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.places import free_port

ROOT = Path(__file__).parents[3]


@contextmanager
def worker_process(environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m services.payout worker``; killed at the end if it still runs."""
    settings = environ | {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
        "HEALTH_PORT": str(free_port()),
        "PATH": os.environ["PATH"],
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.payout", "worker"], cwd=ROOT, env=settings, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
