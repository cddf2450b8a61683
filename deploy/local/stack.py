"""One local stack: start it, stop it, ask it, and hurt it. The one way in for the command line, the demo and the tests.

What its processes are stands in processes.py; who keeps them running, in supervisor.py.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from deploy.local import state as states
from deploy.local.faults import StackFailed
from deploy.local.issuer import Issuer
from deploy.local.places import free_port
from deploy.local.processes import BANK, DIRECTORY, KAFKA, KEYLESS, POSTGRESQL, Parts
from deploy.local.readiness import refusal
from deploy.local.state import SERVICES
from deploy.local.supervision import Supervision
from shared.process.clock import FURTHEST, wall_now

__all__ = ["Stack", "StackFailed"]

READY_SECONDS = 90.0
"""Eleven Python processes on two busy cores are ready in some 10 s; this is for a slow machine."""

LIVES = 4
"""A process that died this often before it was ready will not become so."""


class Stack:
    """The stack in ``folder``. ``say`` hears one line about each step.

    ``starts_at`` is what time it shall be in a stack that never ran: now, or later, never earlier.
    """

    def __init__(
        self,
        folder: Path,
        *,
        say: Callable[[str], None] = lambda _: None,
        preferred_ports: bool = True,
        starts_at: datetime | None = None,
        postgresql_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._say = say
        self._preferred_ports = preferred_ports
        self._starts_at = starts_at
        self._postgresql_settings = postgresql_settings or {}
        self._supervision = Supervision(self.folder)

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
        return self._supervision.running()

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

    def owner_url(self, service: str) -> str:
        """The database as its owner, who may change tables; processes are another role."""
        return self._parts.owner_url(service)

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
        if process == BANK:
            return f"{self.bank_url}/book"
        return f"http://127.0.0.1:{self._parts.health_port(process)}/readyz"

    def metrics_url(self, process: str) -> str:
        """Where a service's process tells its figures to Prometheus."""
        return f"http://127.0.0.1:{self._parts.health_port(process)}/metrics"

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
                    self._prepare()
                    self._start_processes()
                self._wait_ready()
                if not leashed:
                    self.keep()
            except BaseException:
                self._stop()
                raise
        return self

    def _prepare(self) -> None:
        known = states.read(self.folder)
        if known is None:
            state = states.new_state(preferred=self._preferred_ports, clock_ahead=self._clock_ahead())
        elif self._starts_at is None:
            state = replace(known, ports=states.choose_ports(known.ports))
        else:
            raise StackFailed("this stack has begun before; `make clock` moves its time, or `make down WIPE=1` ends it")
        states.write(self.folder, state)
        parts = Parts(self.folder, state)
        (self.folder / "logs").mkdir(exist_ok=True)
        self._say("preparing PostgreSQL and Kafka")
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda prepare: prepare(), (self._prepare_server, parts.broker.prepare)))
        parts.issuer  # noqa: B018 - makes its key, before a service asks for it
        self._supervision.begin([*parts.stores(), *parts.programs()], parts.log("supervisor"))

    def _clock_ahead(self) -> timedelta:
        if self._starts_at is None:
            return timedelta(0)
        ahead = self._starts_at - wall_now()
        if not timedelta(0) <= ahead <= FURTHEST:
            raise StackFailed(f"a stack starts now or within {FURTHEST.days} days; {self._starts_at} is neither")
        return ahead

    def _prepare_server(self) -> None:
        self._parts.server.prepare(self._postgresql_settings)

    def _start_processes(self) -> None:
        parts = self._parts
        for store in parts.stores():
            self._supervision.start(store.name)
        self._say("starting PostgreSQL and Kafka")
        parts.server.wait(supervised=self.running)
        for service in SERVICES:
            secrets = parts.state.secrets
            parts.server.add_service(
                service, owner_password=secrets.database_owners[service], password=secrets.databases[service]
            )
        self._say("migrating three databases")
        self._for_each_service("migrate")
        parts.broker.wait(supervised=self.running)
        self._say("making the topics")
        self._for_each_service("topics")
        self._say("starting web, worker and relay of three services, the trainer and the sandbox bank")
        for program in parts.programs():
            self._supervision.start(program.name)

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
        command, environment = self._further(service, arguments)
        return subprocess.run(command, cwd=DIRECTORY, env=environment, capture_output=True, text=True, check=False)

    def attend(self, service: str, *arguments: str) -> int:
        """The same with the caller's own input and output, until it ends; its exit code. Ctrl-C is for the command."""
        command, environment = self._further(service, arguments)
        child = subprocess.Popen(command, cwd=DIRECTORY, env=environment)
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                child.terminate()

    def _further(self, service: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """A process beside those that run, which have their ports already."""
        command = [sys.executable, "-m", f"services.{service}", *arguments]
        # What it says of its progress would only bury its answer.
        own = {"LOG_LEVEL": "WARNING", "WEB_PORT": str(free_port()), "HEALTH_PORT": str(free_port())}
        kind = next((each for each in arguments[:1] if each in KEYLESS), "web")
        return command, self.environment(service, kind) | own

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
            if not self.running():
                raise StackFailed(f"the supervisor ended. Read {self.log('supervisor')}.")
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

    def keep(self) -> None:
        """Let a leashed stack live on when this process ends."""
        self._supervision.untie()

    # --- stopping

    def stop(self) -> None:
        """End every process; the data stays. Twice is once."""
        with self._alone():
            self._stop()

    def _stop(self) -> None:
        if self.running():
            self._say("stopping")
        self._supervision.end()

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
        return self._supervision.pids(process)

    def pid(self, process: str, *, other_than: int | None = None) -> int:
        """The process id of ``process``, waiting for its restart if need be."""
        return self._supervision.pid(process, other_than=other_than)

    def kill(self, process: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End ``process`` at once, children included; the supervisor brings it back. The id of what was ended."""
        # The sessions of a killed server end by themselves; PostgreSQL is shown the crash that a machine would show it.
        return self._supervision.kill(process, how, children=process != POSTGRESQL)

    def halt(self, process: str) -> None:
        """Stop ``process`` in order and leave it stopped."""
        self._supervision.halt(process)

    def resume(self, process: str) -> None:
        """Start a halted ``process`` and wait until it is ready."""
        self._supervision.start(process)
        self.wait(process)

    def restart(self, process: str) -> None:
        """Stop ``process`` in order, start it again, wait until it is ready."""
        self.halt(process)
        self.resume(process)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One start or stop of a folder at a time."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / f"{self.folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
