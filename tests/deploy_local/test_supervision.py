"""Processes under the supervisor: brought back when they die, and gone when whoever started them is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.faults import NotSupervised
from deploy.local.processes import Process
from deploy.local.supervision import Supervision
from deploy.local.watchdog import MARK, marked

SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]
PATIENCE_SECONDS = 60.0

# Another process begins the supervision, says so, and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from tests.deploy_local.test_supervision import begin
begin(Path(sys.argv[1]))
print("begun", flush=True)
time.sleep(1000)
"""


def begin(folder: Path) -> Supervision:
    """A supervision of one sleeper."""
    environment = {"PATH": os.environ["PATH"], MARK: str(folder)}
    supervision = Supervision(folder)
    supervision.begin([Process("sleeper", SLEEP, environment, str(folder / "sleeper.log"))], folder / "supervisor.log")
    supervision.start("sleeper")
    return supervision


def gone(folder: Path) -> bool:
    """Whether nothing of this folder runs, waiting for it to end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(marked(str(folder))) or Supervision(folder).running():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def supervision(tmp_path: Path) -> Iterator[Supervision]:
    supervision = begin(tmp_path)
    yield supervision
    supervision.end()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()
    Supervision(tmp_path).end()


def test_a_killed_process_is_brought_back(supervision: Supervision) -> None:
    killed = supervision.kill("sleeper")
    assert supervision.pid("sleeper", other_than=killed) != killed


def test_a_halted_process_stays_away_until_it_is_started_again(supervision: Supervision) -> None:
    supervision.halt("sleeper")
    assert supervision.pids("sleeper") == []
    supervision.start("sleeper")
    assert len(supervision.pids("sleeper")) == 1


def test_ending_the_supervision_leaves_no_process(supervision: Supervision) -> None:
    supervision.end()
    assert list(marked(str(supervision.folder))) == []
    with pytest.raises(NotSupervised, match="does not run"):
        supervision.pids("sleeper")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_one_who_began_it(
    holder: subprocess.Popen[str], tmp_path: Path, how: signal.Signals
) -> None:
    assert any(marked(str(tmp_path)))
    os.killpg(holder.pid, how)
    assert gone(tmp_path)


def test_nothing_outlives_a_killed_supervisor(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    (supervisor,) = [
        child for child in psutil.Process(holder.pid).children() if "deploy.local.supervisor" in child.cmdline()
    ]
    supervisor.kill()
    assert gone(tmp_path)


def test_an_untied_supervision_stays_when_its_beginner_goes(tmp_path: Path) -> None:
    begun = HOLDER.replace("begin(Path(sys.argv[1]))", "begin(Path(sys.argv[1])).untie()").replace(
        "time.sleep(1000)", ""
    )
    try:
        subprocess.run([sys.executable, "-c", begun, str(tmp_path)], check=True, capture_output=True)
        assert Supervision(tmp_path).pids("sleeper")
    finally:
        Supervision(tmp_path).end()
    assert gone(tmp_path)
