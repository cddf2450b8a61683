"""The end of working with a partner: no new cover, running cover kept or moved, every insured listed for notice."""

from __future__ import annotations

import random
import secrets
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg2
import pytest

from services.enrollment.partners.domain.errors import CannotTakeOver, ContractNotRunning, PartnerEnds, StillTakesOver
from services.enrollment.partners.usecases.keep_partner import suspend_partner
from services.enrollment.policies.store import transfers
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled, enroll_policies
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.values.errors import InvalidField
from shared.values.ids import INSURER, PolicyId
from tests.services.enrollment.builders import NOW, PRODUCT, faults, load_all, row
from tests.services.enrollment.partners.wind_down import EAST, WEST, ask, end, receive, state, work_off
from tests.services.enrollment.policies.at_once import at_once, enroll

ROOT = Path(__file__).parents[4]


def moved(database: Database) -> dict[str, int]:
    """The policies that events say moved, with their versions."""
    told: dict[str, int] = {}
    for (text,) in ask(database, "SELECT body FROM outbox WHERE type = 'policies.transferred'"):
        event = msgspec.json.decode(text)
        assert (event["from_partner_id"], event["to_partner_id"]) == (EAST, WEST)
        for policy_id, version in zip(event["policy_ids"], event["versions"], strict=True):
            assert policy_id not in told, "no policy moves twice"
            told[policy_id] = version
    return told


def test_without_another_partner_cover_stays_until_its_end_and_everybody_is_listed(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    policies = [enroll(database, vault, row(n)) for n in range(3)]
    elsewhere = enroll(database, vault, row(9), WEST)
    with database.transaction() as tx:
        cancel_policy(tx, policies[2].policy_id, "insured_request", tenant=EAST, actor="test", vault=vault, now=NOW)
    assert end(database).terms.contract.state == "wind_down"
    work_off(database)
    done = state(database)
    assert (done.state, done.listed, done.transferred, done.finished_at) == ("done", 2, 0, NOW)
    assert ask(database, "SELECT policy_id::text FROM notices ORDER BY 1") == sorted(
        (policy.policy_id,) for policy in policies[:2]
    )
    assert ask(database, f"SELECT count(*) FROM policies WHERE partner_no = 1 AND policy_id <> '{elsewhere.policy_id}'")
    assert moved(database) == {}
    with pytest.raises(ContractNotRunning):
        enroll(database, vault, row(4))
    assert faults(database, environ) == []


def test_running_cover_moves_to_another_partner_and_so_do_its_later_changes(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    running, ended = enroll(database, vault, row(1)), enroll(database, vault, row(2))
    with database.transaction() as tx:
        cancel_policy(tx, ended.policy_id, "insured_request", tenant=EAST, actor="test", vault=vault, now=NOW)
    end(database, EAST, WEST)
    work_off(database, now=NOW + timedelta(hours=1))
    done = state(database)
    assert (done.state, done.listed, done.transferred) == ("done", 1, 1)
    assert moved(database) == {running.policy_id: 2}
    with database.transaction() as tx:
        canceled = cancel_policy(
            tx,
            running.policy_id,
            "insured_request",
            tenant=WEST,
            actor="test",
            vault=vault,
            now=NOW + timedelta(hours=2),
        )
    assert (canceled.partner_id, canceled.version) == (WEST, 3)
    assert ask(
        database, "SELECT body::jsonb ->> 'partner_id' FROM outbox WHERE type = 'policies.canceled' ORDER BY 1"
    ) == [
        (EAST,),
        (WEST,),
    ]
    assert faults(database, environ) == []


def test_whose_a_policy_was_with_each_change_is_known_for_ever(database: Database, vault: Vault) -> None:
    policy = enroll(database, vault, row(1))
    end(database, EAST, WEST)
    work_off(database, now=NOW + timedelta(days=1))
    with database.transaction() as tx:
        numbers = [tx.one("SELECT partner_as_of(%s, %s)", (policy.policy_id, version)) for version in (1, 2, 3)]
        assert numbers == [(1,), (2,), (2,)]
        assert tx.one("SELECT partner_no FROM policy_chunks") == (1,), "who sold it owes the premium"


def test_a_file_that_was_taken_in_before_is_enrolled_and_then_moved_with_the_rest(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    receive(database, vault, range(20))
    end(database, EAST, WEST)
    work_off(database)
    assert state(database).state == "draining"
    load_all(database, vault)
    work_off(database)
    done = state(database)
    assert (done.state, done.listed, done.transferred) == ("done", 20, 20)
    assert len(moved(database)) == 20
    assert faults(database, environ) == []


def test_who_is_being_enrolled_at_that_moment_is_listed_and_moved_too(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    ask(
        database,
        f"UPDATE partners SET back_dating_days = 3, last_day = '2026-03-05' WHERE partner_id = '{EAST}' RETURNING 1",
    )
    asked = [
        row(1, effective_date="2026-02-26"),
        row(2, effective_date="2026-03-05"),
        row(3, effective_date="2026-03-06"),
    ]
    with database.transaction() as slow:
        # It has read that the contract is active, and takes its time.
        applications = [Application(EAST, PRODUCT, each) for each in asked]
        outcomes = enroll_policies(slow, applications, vault=vault, now=NOW, sandbox=True)
        assert [type(each) for each in outcomes] == [Enrolled, Enrolled, InvalidField]
        end(database, EAST, WEST)
        for _ in range(3):
            work_off(database)
            assert state(database).state == "draining"
    work_off(database)
    done = state(database)
    assert (done.state, done.listed, done.transferred) == ("done", 2, 2)
    with pytest.raises(ContractNotRunning):
        enroll(database, vault, asked[1])
    assert faults(database, environ) == []


def test_winding_down_is_one_way_and_needs_somebody_who_can_take_over(database: Database) -> None:
    with pytest.raises(CannotTakeOver, match="no such partner"):
        end(database, EAST, INSURER)
    with pytest.raises(CannotTakeOver, match="one that ends"):
        end(database, EAST, EAST)
    with database.transaction() as tx:
        suspend_partner(tx, WEST, "other", actor="test", now=NOW)
    with pytest.raises(CannotTakeOver, match="suspended"):
        end(database, EAST, WEST)
    end(database, EAST)
    with pytest.raises(PartnerEnds):
        end(database, EAST)
    with pytest.raises(PartnerEnds), database.transaction() as tx:
        suspend_partner(tx, EAST, "other", actor="test", now=NOW)


def test_a_partner_does_not_end_while_it_takes_over(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    end(database, EAST, WEST)
    with pytest.raises(StillTakesOver):
        end(database, WEST)
    work_off(database)
    end(database, WEST)
    work_off(database)
    assert state(database, WEST).listed == 1


_WORK_OFF = """
import sys
from datetime import datetime
from services.enrollment.policies.usecases import work_off_wind_downs as job
from shared.db.pool import Database
job.STEP = 10
database = Database(sys.argv[1], size=1)
print("begins", flush=True)
while True:
    with database.transaction() as tx:
        job.work_off_wind_downs(tx, now=datetime.fromisoformat(sys.argv[2]))
"""


def test_a_move_that_is_killed_again_and_again_moves_each_policy_once(
    database: Database, vault: Vault, environ: dict[str, str], enrollment_url: str
) -> None:
    receive(database, vault, range(1500))
    load_all(database, vault)
    end(database, EAST, WEST)
    seed = secrets.randbelow(10**9)
    chance = random.Random(seed)  # noqa: S311
    kills = 0
    while state(database).state != "done":
        with subprocess.Popen(
            [sys.executable, "-c", _WORK_OFF, enrollment_url, NOW.isoformat()], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.15) if kills < 8 else 2.0)
            child.send_signal(signal.SIGKILL)
        kills += 1
    assert kills > 1
    done = state(database)
    assert (done.listed, done.transferred) == (1500, 1500), f"seed {seed}"
    assert len(moved(database)) == 1500
    assert set(moved(database).values()) == {2}
    assert ask(database, "SELECT count(*) FROM notices") == [(1500,)]
    assert ask(database, "SELECT partner_no, version, count(*) FROM policies GROUP BY 1, 2") == [(2, 2, 1500)]
    assert faults(database, environ) == []


def test_two_workers_at_once_move_each_policy_once(database: Database, vault: Vault) -> None:
    receive(database, vault, range(300))
    load_all(database, vault)
    end(database, EAST, WEST)
    at_once(lambda: work_off(database), lambda: work_off(database))
    work_off(database)
    assert len(moved(database)) == 300


def test_a_policy_canceled_while_it_moves_is_canceled_once_with_one_of_the_two(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    for n in range(10):
        enroll(database, vault, row(n))
    ids = [PolicyId(each) for (each,) in ask(database, "SELECT policy_id::text FROM policies")]
    end(database, EAST, WEST)

    def cancel_all() -> int:
        done = 0
        for policy_id in ids:
            for tenant in (EAST, WEST):
                try:
                    with database.transaction() as tx:
                        cancel_policy(
                            tx, policy_id, "insured_request", tenant=tenant, actor="test", vault=vault, now=NOW
                        )
                        done += 1
                except Exception:  # noqa: BLE001, S110  # not theirs any more, or not yet
                    pass
        return done

    at_once(lambda: work_off(database), cancel_all)
    work_off(database)
    cancel_all()
    told = ask(database, "SELECT body::jsonb ->> 'policy_id' FROM outbox WHERE type = 'policies.canceled'")
    assert len(told) == len(set(told)) == 10
    assert faults(database, environ) == []


def test_the_database_lets_no_policy_leave_a_partner_twice(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    end(database, EAST, WEST)
    work_off(database)
    again = (
        "INSERT INTO policy_transfers SELECT policy_id, from_partner_no, 1, 3, now(), event_id FROM policy_transfers"
    )
    with pytest.raises(psycopg2.errors.UniqueViolation), database.transaction() as tx:
        tx.execute(again)


def test_a_policy_that_the_job_meets_twice_is_listed_once(database: Database, vault: Vault) -> None:
    policy = enroll(database, vault, row(1))
    end(database)
    work_off(database)
    with database.transaction() as tx:
        transfers.add_notices(tx, 1, [policy.policy_id])
    assert ask(database, "SELECT count(*) FROM notices") == [(1,)]
