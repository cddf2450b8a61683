"""The whole system under the supervisor, as an operator meets it."""

from __future__ import annotations

import psycopg2
import pytest

from deploy.local.doctor import examine
from tests.running import RunningSystem


def test_the_doctor_finds_nothing_to_mend_in_a_healthy_stack(running_system: RunningSystem) -> None:
    assert [finding for finding in examine(running_system) if not finding.fine] == []


def test_the_doctor_names_a_process_that_does_not_run_and_its_log(running_system: RunningSystem) -> None:
    running_system.halt("payout-relay")
    try:
        (finding,) = [finding for finding in examine(running_system) if not finding.fine]
    finally:
        running_system.resume("payout-relay")
    assert finding.what == "payout-relay"
    assert "payout-relay.log" in str(finding.remedy)


@pytest.mark.parametrize("process", ["enrollment-web", "fraud_detection-worker", "payout-relay", "sandbox-bank"])
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
