"""Who is killed while work is done, and when: each process at least once, at moments that chance chooses."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Self

from deploy.local.places import free_port
from deploy.local.stack import Stack

WEB, WORKER, RELAY = "enrollment-web", "enrollment-worker", "enrollment-relay"
OTHERS, POSTGRESQL, KAFKA = "fraud_detection-worker", "postgresql", "kafka"
SECOND: Final = "second enrollment-worker"
VICTIMS: Final = (WEB, WORKER, SECOND, RELAY, OTHERS, POSTGRESQL, KAFKA)
"""Each is killed at least once in a round, while a file is worked off."""
Victims = Mapping[str, Callable[[], object]]
"""By name, how each is killed."""
PEACE_SECONDS: Final = (0.2, 4.0)
"""Between two kills, in the first pass through all of them; in the second twice as much, and so on: on a slow machine,
where a process is hardly up before it is killed again, the round ends all the same."""


class SecondWorker:
    """A further worker of enrollment, started again whenever it dies."""

    def __init__(self, system: Stack) -> None:
        self._environment = system.environment("enrollment", "worker") | {"HEALTH_PORT": str(free_port())}
        self._log = (system.folder / "logs" / "enrollment-second-worker.log").open("ab")
        self._over = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "services.enrollment", "worker"]
        return subprocess.Popen(
            command, env=self._environment, cwd=Path(__file__).parents[2], stdout=self._log, stderr=self._log
        )

    def _keep(self) -> None:
        while not self._over.wait(0.2):
            if self._process.poll() is not None:
                self._process = self._start()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._process.terminate()
        self._process.wait(60)
        self._log.close()


@contextmanager
def second_worker(system: Stack) -> Iterator[SecondWorker]:
    worker = SecondWorker(system)
    try:
        yield worker
    finally:
        worker.close()


def victims_of(system: Stack, names: Iterable[str]) -> Victims:
    """Processes of the stack, which its supervisor starts again."""
    return {name: partial(system.kill, name) for name in names}


class Killing:
    """Kills one process after another at random moments until told to stop, and goes on until each had its turn.

    ``killed_in_time`` are the kills after the file was taken in and before it was worked off.
    """

    def __init__(self, victims: Victims, rng: random.Random) -> None:
        self._victims = victims
        self._rng = rng
        self._enough = threading.Event()
        self._failures: list[BaseException] = []
        self.killed: Counter[str] = Counter()
        self.killed_in_time: Counter[str] = Counter()
        self._at_work: Callable[[], bool] | None = None
        self._began_anew = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        assert not self._failures, self._failures

    def kill_all_while(self, at_work: Callable[[], bool]) -> None:
        """Wait until each was killed once more while ``at_work`` says that the file is not done."""
        self._at_work, self._began_anew = at_work, True
        while len(self.killed_in_time) < len(self._victims):
            assert self._thread.is_alive(), self._failures
            assert at_work(), f"the file was done when only these had been killed: {self.killed_in_time}"
            time.sleep(0.2)

    def _run(self) -> None:
        try:
            number = 0
            while True:
                number = 1 if self._began_anew else number + 1
                self._began_anew = False
                for victim in self._order():
                    self._pause(self._rng.uniform(*PEACE_SECONDS) * number)
                    if self._done():
                        return
                    self._kill(victim)
                    if self._began_anew:
                        break
        except BaseException as failure:  # noqa: BLE001  # told to the round
            self._failures.append(failure)

    def _order(self) -> list[str]:
        """PostgreSQL last: with it goes, for a moment, what keeps the file from its end."""
        others = [victim for victim in self._victims if victim != POSTGRESQL]
        return [*self._rng.sample(others, len(others)), POSTGRESQL]

    def _pause(self, seconds: float) -> None:
        """Rest, but not longer than it takes to know that all had their turn and it is enough."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._done():
                return
            time.sleep(min(left, 0.2))

    def _done(self) -> bool:
        return self._enough.is_set() and len(self.killed) == len(self._victims)

    def _kill(self, victim: str) -> None:
        if self._at_work is not None and self._at_work():
            self.killed_in_time[victim] += 1
        self._victims[victim]()
        self.killed[victim] += 1
