"""Builds that are measured in turn: this checkout's stack, and that of another checkout, e.g. of the commit before.

Both run all their processes all the while; who is not measured has nothing to do. CPU time is taken from the system
for each process by itself, so it says more than a rate does where others use the machine too.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from deploy.demo.waiting import until
from deploy.local.stack import Stack
from tests.load.watch import cpu_seconds_of

_HOLD = """
import json, sys
from pathlib import Path
from deploy.local.stack import Stack
service, client, folder = sys.argv[1:]
with Stack(Path(folder), preferred_ports=False) as stack:
    pids = {name: stack.pid(name) for name in stack.processes()}
    print(json.dumps([stack.url(service), stack.token(client), stack.database_url(service), pids]), flush=True)
    sys.stdin.read()
"""
"""What the other checkout's Python runs: its own stack, until we let go."""


@dataclass(frozen=True)
class Build:
    """A running stack, as far as a benchmark of one service asks for it."""

    url: str
    token: str
    database_url: str
    pids: Mapping[str, int]

    def cpu_seconds(self) -> Counter[str]:
        """What each process has used since it began, by its name."""
        return Counter(cpu_seconds_of({name: psutil.Process(pid) for name, pid in self.pids.items()}))

    def drain(self) -> None:
        """Wait until the relay has nothing left to do, so that it does not work beside the others' turns."""
        with closing(psycopg2.connect(self.database_url)) as connection, connection.cursor() as cursor:

            def empty() -> bool | None:
                cursor.execute("SELECT count(*) FROM outbox")
                row = cursor.fetchone()
                connection.rollback()
                return True if row == (0,) else None

            until("the relay does not come to an end", empty, seconds=120)


def ours(stack: Stack, service: str, client: str) -> Build:
    pids = {name: stack.pid(name) for name in stack.processes()}
    return Build(stack.url(service), stack.token(client), stack.database_url(service), pids)


@contextmanager
def of_checkout(checkout: Path, service: str, client: str, folder: Path) -> Iterator[Build]:
    """The stack of another checkout, which has its own .venv (``make install`` there); its data is in ``folder``."""
    python = checkout / ".venv" / "bin" / "python"
    with subprocess.Popen(
        [python, "-c", _HOLD, service, client, str(folder)],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said:
            raise SystemExit(f"the stack of {checkout} did not start")
        yield Build(*json.loads(said))
