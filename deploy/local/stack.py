"""One local stack: start it, stop it, ask it, and hurt it. The one way in for the command line, the demo and the tests.

What its processes are stands in processes.py; who keeps them running, in supervisor.py.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import psutil
from circus.client import CircusClient
from circus.exc import CallError

from deploy.local import state as states
from deploy.local.issuer import Issuer
from deploy.local.processes import BANK, DIRECTORY, KAFKA, POSTGRESQL, STOP_SECONDS, Parts
from deploy.local.readiness import refusal
from deploy.local.state import SERVICES
from deploy.local.supervisor import STAY
from deploy.local.watchdog import MARK, sweep

READY_SECONDS = 90.0
"""Nine Python processes on two busy cores are ready in some 10 s; this is for a slow machine."""

LIVES = 4
"""A process that died this often before it was ready will not become so."""

COMMAND_SECONDS = 60.0


class StackFailed(RuntimeError):
    """The stack did not come up, or a command was not carried out; the text says what to read or do."""


class Stack:
    """The stack in ``folder``. ``say`` hears one line about each step."""

    def __init__(
        self,
        folder: Path,
        *,
        say: Callable[[str], None] = lambda _: None,
        preferred_ports: bool = True,
        postgresql_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._say = say
        self._preferred_ports = preferred_ports
        self._postgresql_settings = postgresql_settings or {}
        self._supervisor: subprocess.Popen[bytes] | None = None

    # --- what it is

    @property
    def _parts(self) -> Parts:
        state = states.read(self.folder)
        if state is None:
            raise StackFailed(f"there is no stack in {self.folder}; start one with `make up`")
        return Parts(self.folder, state)

    def exists(self) -> bool:
        return states.read(self.folder) is not None

    def running(self) -> bool:
        """Whether its supervisor lives; its processes may still be starting."""
        state = states.read(self.folder)
        if state is None or state.supervisor is None:
            return False
        try:
            process = psutil.Process(state.supervisor.pid)
            return process.create_time() == state.supervisor.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def url(self, service: str) -> str:
        """The root of a service's HTTP API."""
        return f"http://127.0.0.1:{self._parts.state.ports[f'{service}-web']}"

    @property
    def bank_url(self) -> str:
        return self._parts.bank_url

    @property
    def bank_token(self) -> str:
        """The bearer token of the sandbox bank."""
        return self._parts.state.secrets.rail_token

    @property
    def bootstrap(self) -> str:
        return self._parts.broker.bootstrap

    @property
    def issuer(self) -> Issuer:
        return self._parts.issuer

    def token(self, client: str, *, audience: str | list[str] | None = None, **claim_overrides: Any) -> str:
        return self.issuer.token(client, audience=audience, **claim_overrides)

    def environment(self, service: str, kind: str = "web") -> dict[str, str]:
        """The whole environment of one of a service's processes; fit for a further process of that kind."""
        return self._parts.environment(service, kind)

    def database_url(self, service: str) -> str:
        return self._parts.database_url(service)

    def log(self, process: str) -> Path:
        return self._parts.log(process)

    def processes(self) -> list[str]:
        """The names of its processes, in the order in which they start."""
        parts = self._parts
        return [process.name for process in [*parts.stores(), *parts.programs()]]

    def health_url(self, process: str) -> str | None:
        """Where a process says whether it is ready; None for those that do not speak HTTP."""
        if process in (POSTGRESQL, KAFKA):
            return None
        port = self._parts.state.ports[process]
        return f"http://127.0.0.1:{port}/{'book' if process == BANK else 'readyz'}"

    def refusal(self, process: str) -> str | None:
        """None when ``process`` is ready, else why not."""
        if process == KAFKA:
            return None if self._parts.broker.answers() else "does not answer"
        if process == POSTGRESQL:
            return None if self._parts.server.answers() else "does not answer"
        if process == BANK:
            return refusal(f"{self.bank_url}/book", bearer=self.bank_token)
        return refusal(str(self.health_url(process)))

    # --- starting

    def start(self, *, leashed: bool = True) -> Self:
        """Bring everything up and wait until it is ready; a stack that runs already is only waited for.

        ``leashed``: the stack ends when this process does, however it does. Else it stays, once it is up.
        """
        with self._alone():
            try:
                if not self.running():
                    self._start_supervisor()
                    self._start_processes()
                self._wait_ready()
                if not leashed:
                    self._untie()
            except BaseException:
                self._stop()
                raise
        return self

    def _start_supervisor(self) -> None:
        sweep(str(self.folder))  # what a machine's crash or a full disk may have left
        known = states.read(self.folder)
        state = states.new_state(preferred=self._preferred_ports)
        if known:
            state = states.State(states.choose_ports(known.ports), known.secrets)
        states.write(self.folder, state)
        parts = Parts(self.folder, state)
        (self.folder / "logs").mkdir(exist_ok=True)
        self._say("preparing PostgreSQL and Kafka")
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda prepare: prepare(), (self._prepare_server, parts.broker.prepare)))
        _ = parts.issuer
        listed = [process.as_dict() for process in [*parts.stores(), *parts.programs()]]
        _write_private(self.folder / "processes.json", json.dumps(listed))
        # A short path: that of a socket may have 107 characters, on macOS 103.
        control = Path(tempfile.mkdtemp(prefix="fangzha-"))
        with parts.log("supervisor").open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.supervisor", str(self.folder), str(control)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=DIRECTORY,
                env={name: value for name, value in os.environ.items() if name != MARK},
                start_new_session=True,
            )
        started = psutil.Process(self._supervisor.pid).create_time()
        keeper = states.Supervisor(self._supervisor.pid, started, f"ipc://{control}/c")
        states.write(self.folder, states.with_supervisor(state, keeper))

    def _prepare_server(self) -> None:
        self._parts.server.prepare(self._postgresql_settings)

    def _start_processes(self) -> None:
        parts = self._parts
        for store in parts.stores():
            self._command("start", name=store.name)
        self._say("starting PostgreSQL and Kafka")
        parts.server.wait()
        for service in SERVICES:
            parts.server.add_service(service, parts.state.secrets.databases[service])
        self._say("migrating three databases")
        self._for_each_service("migrate")
        parts.broker.wait()
        self._say("making the topics")
        self._for_each_service("topics")
        self._say("starting web, worker and relay of three services, and the sandbox bank")
        for program in parts.programs():
            self._command("start", name=program.name)

    def _for_each_service(self, *arguments: str) -> None:
        with ThreadPoolExecutor(len(SERVICES)) as together:
            ended = list(together.map(lambda service: self.run(service, *arguments), SERVICES))
        for service, done in zip(SERVICES, ended, strict=True):
            if done.returncode:
                what = f"python -m services.{service} {' '.join(arguments)}"
                raise StackFailed(
                    f"`{what}` failed with exit code {done.returncode}:\n{_tail(done.stderr + done.stdout)}"
                )

    def run(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of a service with its settings, e.g. ``run("payout", "verify")``."""
        command = [sys.executable, "-m", f"services.{service}", *arguments]
        environment = self.environment(service)
        return subprocess.run(command, cwd=DIRECTORY, env=environment, capture_output=True, text=True, check=False)

    def _wait_ready(self) -> None:
        self._say("waiting until each process is ready")
        waiting = dict.fromkeys(self.processes(), "")
        lives: dict[str, set[int]] = {name: set() for name in waiting}
        deadline = time.monotonic() + READY_SECONDS
        while waiting:
            for name in list(waiting):
                why = self.refusal(name)
                if why is None:
                    del waiting[name]
                    continue
                waiting[name] = why
                lives[name] |= set(self.pids(name))
                if len(lives[name]) >= LIVES:
                    raise StackFailed(f"{name} keeps dying. The end of {self.log(name)}:\n{self._log_tail(name)}")
            if waiting and time.monotonic() > deadline:
                name, why = next(iter(waiting.items()))
                raise StackFailed(
                    f"not ready after {READY_SECONDS:.0f} s: {', '.join(waiting)}. {name} says: {why}. "
                    f"The end of {self.log(name)}:\n{self._log_tail(name)}"
                )
            time.sleep(0.1)

    def wait(self, process: str, *, seconds: float = READY_SECONDS) -> None:
        """Until one process is ready."""
        deadline = time.monotonic() + seconds
        while why := self.refusal(process):
            if time.monotonic() > deadline:
                raise StackFailed(f"{process} is not ready after {seconds:.0f} s: {why}. Read {self.log(process)}.")
            time.sleep(0.1)

    def _log_tail(self, process: str) -> str:
        try:
            return _tail(self.log(process).read_text(errors="replace"))
        except OSError:
            return "(it wrote nothing)"

    def _untie(self) -> None:
        if self._supervisor and self._supervisor.stdin:
            self._supervisor.stdin.write(STAY)
            self._supervisor.stdin.close()
            self._supervisor = None

    # --- stopping

    def stop(self) -> None:
        """End every process; the data stays. Twice is once."""
        with self._alone():
            self._stop()

    def _stop(self) -> None:
        state = states.read(self.folder)
        if state is None:
            return
        if self.running() and state.supervisor:
            self._say("stopping")
            with contextlib.suppress(StackFailed):
                self._command("quit")
            self._wait_for_end(state.supervisor.pid)
        if self._supervisor and self._supervisor.stdin:
            self._supervisor.stdin.close()
            self._supervisor.wait()
            self._supervisor = None
        sweep(str(self.folder))
        states.write(self.folder, states.with_supervisor(state, None))

    def _wait_for_end(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(pid)
            try:
                # Three ranks stop one after the other, each with its own patience.
                supervisor.wait(3 * STOP_SECONDS + 5)
            except psutil.TimeoutExpired:
                supervisor.kill()
                supervisor.wait(5)

    def wipe(self) -> None:
        """Stop, and remove the data too: the next start is a first one."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- commands to its processes

    def pids(self, process: str) -> list[int]:
        """The process ids of ``process``; none while it is being restarted."""
        return [int(pid) for pid in self._command("list", name=process).get("pids", [])]

    def pid(self, process: str, *, seconds: float = 10.0) -> int:
        """The process id of ``process``, waiting for its restart if need be."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [pid for pid in self.pids(process) if psutil.pid_exists(pid)]
            if alive:
                return alive[0]
            if time.monotonic() > deadline:
                raise StackFailed(f"{process} does not run. Read {self.log(process)}.")
            time.sleep(0.05)

    def kill(self, process: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End ``process`` at once, children included; the supervisor brings it back. The id of what was ended."""
        pid = self.pid(process)
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(pid).children(recursive=True) if process != POSTGRESQL else []:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.send_signal(how)
            os.kill(pid, how)
        return pid

    def halt(self, process: str) -> None:
        """Stop ``process`` in order and leave it stopped."""
        self._command("stop", name=process, waiting=True)

    def resume(self, process: str) -> None:
        """Start a halted ``process`` and wait until it is ready."""
        self._command("start", name=process, waiting=True)
        self.wait(process)

    def restart(self, process: str) -> None:
        """Stop ``process`` in order, start it again, wait until it is ready."""
        self.halt(process)
        self.resume(process)

    def _command(self, verb: str, /, **properties: Any) -> dict[str, Any]:
        state = self._parts.state
        if state.supervisor is None or not self.running():
            raise StackFailed(f"the stack in {self.folder} does not run; start it with `make up`")
        if "name" in properties:
            properties["match"] = "simple"
        deadline = time.monotonic() + COMMAND_SECONDS
        while True:
            client = CircusClient(endpoint=state.supervisor.endpoint, timeout=COMMAND_SECONDS)
            try:
                reply: dict[str, Any] = client.send_message(verb, **properties)
            except CallError as error:
                raise StackFailed(f"the supervisor did not answer to {verb!r}: {error}") from error
            finally:
                client.stop()
            if reply.get("status") == "ok":
                return reply
            # circus refuses a command while another is at work, its own periodic check included.
            if "already running" not in str(reply.get("reason")) or time.monotonic() > deadline:
                raise StackFailed(f"the supervisor refused {verb!r}: {reply.get('reason')}")
            time.sleep(0.05)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One start or stop of a folder at a time."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / f"{self.folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
