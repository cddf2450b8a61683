"""kill -9 of a real worker process between each pair of phases of a payout; afterwards another worker goes on.

Each time the bank's own book says what became of the money: once, and never twice.
"""

from __future__ import annotations

import socket
from pathlib import Path

import psycopg2
import pytest

from deploy.local.watchdog import MARK
from tests.real_parts import Postgres, Room
from tests.services.payout.builders import Service
from tests.services.payout.crashes import killed_when, wait_for
from tests.services.payout.worker_process import worker_process


def end_leases(service: Service) -> None:
    """As if the time of the dead worker's lease had gone by."""
    with service.database.transaction() as tx:
        tx.execute("UPDATE payouts SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")


def lease_is_held(service: Service, claim_id: str) -> None:
    """Nobody else touches what a lease protects, whether its holder lives or not."""
    before = service.payout(claim_id)
    service.work()
    assert service.payout(claim_id).state == before.state == "sending"


def assert_paid_once(service: Service, claim_id: str, *, attempts: set[int]) -> None:
    paid = service.work_until_state(claim_id, "paid")
    service.work()
    assert paid.attempts in attempts
    assert [(each["reference"], each["status"]) for each in service.bank_process.statement()] == [
        (paid.payout_id, "done")
    ]
    assert service.booked(claim_id) == ["claim_owed", "payout_paid"]
    assert [state for state, _ in service.events(claim_id)] == ["scheduled", "paid"]


@pytest.fixture
def settings(environ: dict[str, str], room: Room) -> dict[str, str]:
    """A worker that waits ten seconds for the bank, so that it dies waiting; its lease is held longer than that."""
    return environ | {"PAYOUT_RAIL_TIMEOUT_SECONDS": "10", MARK: room.mark[MARK]}


def test_killed_before_its_intent_is_on_record(
    service: Service, settings: dict[str, str], postgres: Postgres, payout_url: str, tmp_path: Path
) -> None:
    claim = service.approve()
    blocker = psycopg2.connect(postgres.owner_url(payout_url))
    with blocker.cursor() as cursor:
        # The history row of the step waits for this lock: the intent is written and not committed.
        cursor.execute("LOCK TABLE payout_history IN EXCLUSIVE MODE")

    def waits() -> bool:
        with service.database.transaction() as tx:
            return bool(
                tx.all(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    " AND query LIKE '%%lease_until%%'"
                )
            )

    with killed_when(settings, tmp_path / "worker.log", waits):
        blocker.close()
        service.work_until(lambda: service.payout(claim.claim_id).state != "sending")
        assert_paid_once(service, claim.claim_id, attempts={1})


def test_killed_after_its_intent_and_before_the_bank_heard_of_it(
    service: Service, settings: dict[str, str], tmp_path: Path
) -> None:
    claim = service.approve()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        nowhere = settings | {"PAYOUT_RAIL_URL": f"http://127.0.0.1:{deaf.getsockname()[1]}"}
        with killed_when(nowhere, tmp_path / "worker.log", lambda: service.payout(claim.claim_id).state == "sending"):
            lease_is_held(service, claim.claim_id)
            end_leases(service)
            assert_paid_once(service, claim.claim_id, attempts={2})


def test_killed_while_its_order_is_on_the_way(service: Service, settings: dict[str, str], tmp_path: Path) -> None:
    claim = service.approve()
    with (
        service.bank_process.frozen(),
        killed_when(settings, tmp_path / "worker.log", lambda: service.payout(claim.claim_id).state == "sending"),
    ):
        end_leases(service)
    # The bank may read the dead worker's order before or after the question about it.
    assert_paid_once(service, claim.claim_id, attempts={1, 2})


def test_killed_after_the_money_moved_and_before_it_heard_so(
    service: Service, settings: dict[str, str], tmp_path: Path
) -> None:
    claim = service.approve("8005")
    with killed_when(settings, tmp_path / "worker.log", lambda: len(service.bank_process.statement()) == 1):
        end_leases(service)
    assert_paid_once(service, claim.claim_id, attempts={1})


def test_killed_after_the_banks_answer_and_before_it_is_written_down(
    service: Service, settings: dict[str, str], postgres: Postgres, payout_url: str, tmp_path: Path
) -> None:
    claim = service.approve()
    blocker = psycopg2.connect(postgres.owner_url(payout_url))
    with blocker.cursor() as cursor:
        # The booking of the payment waits for this lock, and with it the whole settlement.
        cursor.execute("LOCK TABLE ledger_transfers IN EXCLUSIVE MODE")

    def waits() -> bool:
        with service.database.transaction() as tx:
            return bool(
                tx.all(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    " AND query LIKE '%%INSERT INTO ledger_transfers%%'"
                )
            )

    with killed_when(settings, tmp_path / "worker.log", waits):
        assert len(service.bank_process.statement()) == 1
        assert service.payout(claim.claim_id).state == "sending"
        blocker.close()
        end_leases(service)
        assert_paid_once(service, claim.claim_id, attempts={1})


def test_a_worker_pays_while_the_broker_is_away_and_ends_when_asked(
    service: Service, settings: dict[str, str], tmp_path: Path
) -> None:
    claim = service.approve()
    log = tmp_path / "worker.log"
    with worker_process(settings, log) as process:
        wait_for(lambda: service.payout(claim.claim_id).state == "paid", process, log)
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    assert "张小明" not in log.read_text()
