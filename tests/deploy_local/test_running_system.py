"""The whole system under the supervisor, as an operator meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing

import httpx
import psycopg2
import pytest

from deploy.local import doctor
from deploy.local.doctor import examine
from deploy.local.state import SERVICES, kinds_of
from shared.messaging.kafka_link import Administrator, Group, Link
from tests.running import RunningSystem
from tests.shared.messaging.builders import until


def test_the_doctor_finds_nothing_to_mend_in_a_healthy_stack(running_system: RunningSystem) -> None:
    assert [finding for finding in examine(running_system) if not finding.fine] == []


def test_each_process_tells_its_figures(running_system: RunningSystem) -> None:
    for service in SERVICES:
        for kind in kinds_of(service):
            told = httpx.get(running_system.metrics_url(f"{service}-{kind}"), timeout=30).raise_for_status().text
            assert "fangzha_" in told


def test_the_doctor_names_a_process_that_does_not_run_and_its_log(running_system: RunningSystem) -> None:
    running_system.halt("payout-relay")
    try:
        (finding,) = [finding for finding in examine(running_system) if not finding.fine]
    finally:
        running_system.resume("payout-relay")
    assert finding.what == "payout-relay"
    assert "payout-relay.log" in str(finding.remedy)


def test_the_doctor_says_by_the_brokers_word_who_is_in_each_group(running_system: RunningSystem) -> None:
    said = {finding.what: finding.seen for finding in examine(running_system)}
    assert said["group fraud_detection.products"] == "1 member, 4 partitions"
    assert {"group enrollment.tie-out", "group payout.premium"} < said.keys()


def test_a_group_without_a_member_is_something_to_mend(running_system: RunningSystem) -> None:
    finding = doctor._membership(
        running_system, "payout.premium", Group(rebalancing=False, members={}), "payout-worker"
    )
    assert finding.seen == "the broker knows no member: its events wait"
    assert "payout-worker.log" in str(finding.remedy)


def test_a_worker_beside_the_stacks_own_has_a_port_of_its_own_and_ends_in_order(running_system: RunningSystem) -> None:
    """As `make run SERVICE=payout ARGS=worker` starts one, and Ctrl-C ends it."""
    started = (
        "import sys; from pathlib import Path; from deploy.local.stack import Stack; "
        "sys.exit(Stack(Path(sys.argv[1])).attend('payout', 'worker'))"
    )
    command = [sys.executable, "-c", started, str(running_system.folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    with closing(Administrator(Link(running_system.bootstrap), "test")) as broker:
        until(lambda: len(broker.groups(["payout.premium"])["payout.premium"].members) == 2)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "process", ["enrollment-web", "fraud_detection-worker", "fraud_detection-trainer", "payout-relay", "sandbox-bank"]
)
def test_a_killed_process_is_back_and_ready(running_system: RunningSystem, process: str) -> None:
    killed = running_system.kill(process)
    assert running_system.pid(process, other_than=killed) != killed
    running_system.wait(process)


def test_starting_a_stack_that_runs_changes_nothing(running_system: RunningSystem) -> None:
    before = {process: running_system.pid(process) for process in running_system.processes()}
    running_system.start()
    assert {process: running_system.pid(process) for process in running_system.processes()} == before


def test_a_service_cannot_reach_another_services_database(running_system: RunningSystem) -> None:
    foreign = running_system.database_url("payout").rsplit("/", 1)[0] + "/enrollment"
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(foreign)
