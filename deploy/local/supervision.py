"""The supervisor of a folder, seen from outside: begin it, send it commands, end it.

What runs under it is the caller's business (stack.py); the other side of the leash and the commands is supervisor.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from circus.client import CircusClient
from circus.exc import CallError

from deploy.local.faults import NotSupervised
from deploy.local.processes import DIRECTORY, STOP_SECONDS, Process
from deploy.local.state import write_private
from deploy.local.supervisor import STAY
from deploy.local.watchdog import MARK, sweep

COMMAND_SECONDS = 60.0
RETRY_SECONDS = 0.05
RESPAWN_SECONDS = 10.0


@dataclass(frozen=True)
class _Record:
    """Which process supervises the folder, and where it takes commands; kept in supervisor.json."""

    pid: int
    started: float
    """When it started, by the system's clock: tells it from a later process of the same number."""
    endpoint: str


class Supervision:
    """The supervisor of ``folder``, whether it runs or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record_file = folder / "supervisor.json"
        self._process: subprocess.Popen[bytes] | None = None

    def _record(self) -> _Record | None:
        try:
            return _Record(**json.loads(self._record_file.read_text()))
        except FileNotFoundError:
            return None

    def running(self) -> bool:
        """Whether it lives; what it runs may still be starting."""
        record = self._record()
        if record is None:
            return False
        try:
            process = psutil.Process(record.pid)
            return process.create_time() == record.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def begin(self, processes: Sequence[Process], log: Path) -> None:
        """Start the supervisor on our leash; it knows ``processes`` and waits to be told which to start."""
        sweep(str(self.folder))  # what a crash of the machine or of an earlier supervisor may have left
        write_private(self.folder / "processes.json", json.dumps([process.as_dict() for process in processes]))
        # A short path: that of a socket may have 107 characters, on macOS 103.
        control = Path(tempfile.mkdtemp(prefix="fangzha-"))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.supervisor", str(self.folder), str(control)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=DIRECTORY,
                env={name: value for name, value in os.environ.items() if name != MARK},
                start_new_session=True,
            )
        started = psutil.Process(self._process.pid).create_time()
        record = _Record(self._process.pid, started, f"ipc://{control}/c")
        write_private(self._record_file, json.dumps(asdict(record)))

    def untie(self) -> None:
        """Let it live on when this process ends."""
        if self._process and self._process.stdin:
            self._process.stdin.write(STAY)
            self._process.stdin.close()
            # It is meant to outlive us, so nobody will wait for it; said here, or Python warns of a child forgotten.
            self._process.returncode = 0
            self._process = None

    def end(self) -> None:
        """End it and all that it runs. Twice is once."""
        record = self._record()
        if record and self.running():
            with contextlib.suppress(NotSupervised):
                self.command("quit")
            _wait_for_end(record.pid)
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()
            self._process = None
        sweep(str(self.folder))
        self._record_file.unlink(missing_ok=True)

    def command(self, verb: str, /, **properties: Any) -> dict[str, Any]:
        """One command of circus's protocol, and its answer."""
        record = self._record()
        if record is None or not self.running():
            raise NotSupervised(f"the stack in {self.folder} does not run; start it with `make up`")
        if "name" in properties:
            properties["match"] = "simple"
        deadline = time.monotonic() + COMMAND_SECONDS
        while True:
            reply = _ask(record.endpoint, verb, properties)
            if reply.get("status") == "ok":
                return reply
            # circus refuses a command while another is at work, its own periodic look included.
            if "already running" not in str(reply.get("reason")) or time.monotonic() > deadline:
                raise NotSupervised(f"the supervisor refused {verb!r}: {reply.get('reason')}")
            time.sleep(RETRY_SECONDS)

    def start(self, name: str) -> None:
        self.command("start", name=name, waiting=True)

    def halt(self, name: str) -> None:
        """Stop it in order and leave it stopped."""
        self.command("stop", name=name, waiting=True)

    def pids(self, name: str) -> list[int]:
        """The process ids of ``name``; none while it is being restarted."""
        return [int(pid) for pid in self.command("list", name=name).get("pids", [])]

    def pid(self, name: str, *, other_than: int | None = None, seconds: float = RESPAWN_SECONDS) -> int:
        """The process id of ``name``, waiting for its restart if need be."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [pid for pid in self.pids(name) if pid != other_than and psutil.pid_exists(pid)]
            if alive:
                return alive[0]
            if time.monotonic() > deadline:
                raise NotSupervised(f"{name} does not run")
            time.sleep(RETRY_SECONDS)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, *, children: bool = True) -> int:
        """End ``name`` at once; the supervisor brings it back. The id of what was ended."""
        pid = self.pid(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for each in [*(process.children(recursive=True) if children else []), process]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.send_signal(how)
        return pid


def _ask(endpoint: str, verb: str, properties: dict[str, Any]) -> dict[str, Any]:
    client = CircusClient(endpoint=endpoint, timeout=COMMAND_SECONDS)
    try:
        reply: dict[str, Any] = client.send_message(verb, **properties)
    except CallError as error:
        raise NotSupervised(f"the supervisor did not answer to {verb!r}: {error}") from error
    finally:
        client.stop()
    return reply


def _wait_for_end(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        supervisor = psutil.Process(pid)
        try:
            # Three ranks stop one after the other, each with its own patience.
            supervisor.wait(3 * STOP_SECONDS + 5)
        except psutil.TimeoutExpired:
            supervisor.kill()
            supervisor.wait(5)
