"""The jars of the Kafka broker: what the committed lock names, fetched by jgo, each checked against its SHA-256.

``python -m deploy.local.jars`` fetches what is missing; with ``lock`` it resolves the coordinates anew.
Running the broker is left to kafka.py.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.faults import JarsUnavailable
from deploy.local.places import cache

LOCK = Path(__file__).parent / "kafka.lock.toml"
KAFKA = "4.3.1"
# slf4j-simple speaks to stderr without a configuration file; 1.7.36 is the slf4j-api that this Kafka brings.
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA}", "org.slf4j:slf4j-simple:1.7.36")
ATTEMPTS = 3
"""A download that breaks off is tried this often; what came is checked each time, so a retry cannot do harm."""


@dataclass(frozen=True)
class Jar:
    """One locked file: its coordinate and what its bytes must hash to."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked() -> tuple[Jar, ...]:
    """The jars of the committed lock."""
    table = tomllib.loads(LOCK.read_text())
    return tuple(Jar(**row) for row in table["jar"])


def folder() -> Path:
    """Where the jars stand once fetched; the name changes with the lock, so a new lock never meets old jars."""
    return cache() / "jars" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def missing() -> tuple[Jar, ...]:
    """Locked jars that are not in the cache yet."""
    here = folder()
    return tuple(jar for jar in locked() if not (here / jar.file_name).exists())


def classpath() -> str:
    """What goes behind ``java -cp``; fetches what is missing first."""
    fetch(missing())
    here = folder()
    return os.pathsep.join(str(here / jar.file_name) for jar in locked())


def fetch(wanted: tuple[Jar, ...]) -> None:
    """Download ``wanted`` into the cache. A jar appears there whole and checked, or not at all."""
    if not wanted:
        return
    here = folder()
    here.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=here.parent, prefix="arriving-") as arriving, ThreadPoolExecutor(6) as several:
        faults = [fault for fault in several.map(lambda jar: fetch_one(jar, Path(arriving), here), wanted) if fault]
    if faults:
        raise JarsUnavailable(
            f"{len(faults)} of {len(wanted)} jars of Kafka {KAFKA} could not be fetched ({faults[0]}). "
            f"Check the network and the proxy settings and run the command again; what arrived stays in {here}."
        )


def _download(jar: Jar, arriving: Path) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415 - loads requests; a warm cache needs neither

    context = MavenContext(repo_cache=arriving, timeout=60)
    return Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())


def fetch_one(jar: Jar, arriving: Path, here: Path, *, download: Callable[[Jar, Path], Path] = _download) -> str | None:
    """Bring one jar into the folder ``here``, checked; None, or why it did not come."""
    fault = None
    for attempt in range(ATTEMPTS):
        try:
            path = download(jar, arriving / f"{attempt}")
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            fault = f"{jar.file_name}: {type(error).__name__}"
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256:
            os.replace(path, here / jar.file_name)  # noqa: PTH105 - atomic, and Path.replace says the same with less
            return None
        fault = f"{jar.file_name}: its SHA-256 is not the locked one"
    return fault


@contextmanager
def _scratch() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="fangzha-jars-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def relock() -> int:
    """Resolve the coordinates and rewrite the lock; the number of jars in it. The lock holds no addresses."""
    import jgo  # noqa: PLC0415 - only needed here
    from jgo.maven import MavenContext  # noqa: PLC0415

    artifacts = {(a.groupId, a.artifactId): a for c in COORDINATES for a in jgo.resolve(c)}
    lines = ["# Written by `make lock`: the jars of the local Kafka broker. Do not edit by hand.", ""]
    with _scratch() as scratch:
        context = MavenContext(repo_cache=scratch, timeout=60)
        for (group, artifact), found in sorted(artifacts.items()):
            path = context.project(group, artifact).at_version(found.version).artifact().resolve()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines += [
                "[[jar]]",
                f'group = "{group}"',
                f'artifact = "{artifact}"',
                f'version = "{found.version}"',
                f'sha256 = "{digest}"',
                "",
            ]
    LOCK.write_text("\n".join(lines))
    return len(artifacts)


if __name__ == "__main__":
    if sys.argv[1:] == ["lock"]:
        print(f"{relock()} jars locked in {LOCK}")
    else:
        fetch(missing())
