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
from typing import Any

import msgspec
import psycopg2
import pytest

from services.enrollment.domain.errors import CannotTakeOver, ContractNotRunning, PartnerEnds, StillTakesOver
from services.enrollment.domain.partners import INSURER, PartnerRecord
from services.enrollment.store import partner_records, wind_downs
from services.enrollment.usecases.cancel_policy import cancel_policy
from services.enrollment.usecases.keep_partner import suspend_partner
from services.enrollment.usecases.receive_batch import Declared, receive_batch
from services.enrollment.usecases.vault import Vault
from services.enrollment.usecases.wind_down import wind_down, work_off_wind_downs
from shared.db.pool import Database
from shared.process.clock import wall_now
from shared.values.ids import PartnerId, PolicyId
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, body, csv, faults, load_all, row
from tests.services.enrollment.test_at_once import at_once, enroll
from tests.services.enrollment.test_http import problem

EAST, WEST = PartnerId("telecom-east"), PartnerId("telecom-west")
ROOT = Path(__file__).parents[3]


def end(database: Database, partner: PartnerId = EAST, transfer_to: PartnerId | None = None) -> PartnerRecord:
    with database.transaction() as tx:
        return wind_down(tx, partner, transfer_to, actor="partner-manager", now=NOW)


def work_off(database: Database, *, now: Any = NOW) -> int:
    """What the worker does until nothing can be done right now; how many steps."""
    steps, rests = 0, 0
    while rests < 2:  # The first look notes what runs, the second one finds it gone.
        with database.transaction() as tx:
            more = work_off_wind_downs(tx, now=now)
        steps, rests = (steps + 1, 0) if more else (steps, rests + 1)
    return steps


def receive(database: Database, vault: Vault, people: range, tenant: str = EAST) -> None:
    with database.transaction() as tx:
        file = csv([row(n) for n in people])
        receive_batch(tx, [file], PRODUCT, Declared(None, None), tenant=tenant, actor="test", vault=vault, now=NOW)


def state(database: Database, partner: PartnerId = EAST) -> Any:
    with database.transaction() as tx:
        record = partner_records.record(tx, partner)
    assert record is not None
    assert record.wind_down is not None
    return record.wind_down


def ask(database: Database, sql: str) -> Any:
    with database.transaction() as tx:
        return tx.all(sql)


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
        cancel_policy(tx, policies[2].policy_id, "insured_request", tenant=EAST, actor="test", now=NOW)
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
        cancel_policy(tx, ended.policy_id, "insured_request", tenant=EAST, actor="test", now=NOW)
    end(database, EAST, WEST)
    work_off(database, now=NOW + timedelta(hours=1))
    done = state(database)
    assert (done.state, done.listed, done.transferred) == ("done", 1, 1)
    assert moved(database) == {running.policy_id: 2}
    with database.transaction() as tx:
        canceled = cancel_policy(
            tx, running.policy_id, "insured_request", tenant=WEST, actor="test", now=NOW + timedelta(hours=2)
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


def test_who_is_being_enrolled_at_that_moment_is_listed_too(database: Database, vault: Vault) -> None:
    with database.transaction() as slow:
        # It has read that the contract is active, and takes its time.
        slow.one("SELECT state FROM partners WHERE partner_id = %s", (EAST,))
        end(database, EAST, WEST)
        for _ in range(3):
            work_off(database)
            assert state(database).state == "draining"
    work_off(database)
    assert state(database).state == "done"


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


def test_a_partner_that_sells_less_cannot_take_over(database: Database) -> None:
    ask(database, f"DELETE FROM partner_products WHERE partner_no = 2 AND product_code = '{PRODUCT}' RETURNING 1")
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)


def test_a_partner_whose_contract_is_over_or_has_not_begun_cannot_take_over(database: Database) -> None:
    def west_runs(first_day: str, last_day: str) -> None:
        days = f"first_day = '{first_day}', last_day = '{last_day}'"
        ask(database, f"UPDATE partners SET {days} WHERE partner_id = '{WEST}' RETURNING 1")

    for first_day, last_day in (("2025-01-01", "2026-02-28"), ("2026-03-02", "2030-12-31")):
        west_runs(first_day, last_day)
        with pytest.raises(CannotTakeOver, match=f"{first_day} to {last_day}"):
            end(database, EAST, WEST)
    west_runs("2026-03-01", "2026-03-01")
    assert end(database, EAST, WEST).terms.contract.state == "wind_down"


def no_longer_sold_by(database: Database, partner: PartnerId) -> None:
    ask(
        database,
        "DELETE FROM partner_products USING partners p WHERE partner_products.partner_no = p.partner_no"
        f" AND p.partner_id = '{partner}' AND product_code = '{PRODUCT}' RETURNING 1",
    )


def test_cover_that_runs_of_a_product_dropped_since_moves_only_to_a_partner_that_sells_it(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    policy = enroll(database, vault, row(1))
    no_longer_sold_by(database, EAST)
    no_longer_sold_by(database, WEST)
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)
    with database.transaction() as tx:
        cancel_policy(tx, policy.policy_id, "insured_request", tenant=EAST, actor="test", now=NOW)
    end(database, EAST, WEST)
    work_off(database)
    assert state(database).state == "done"
    assert faults(database, environ) == []


def test_rows_still_to_be_enrolled_of_a_product_dropped_since_count_as_cover_that_runs(
    database: Database, vault: Vault
) -> None:
    receive(database, vault, range(2))
    no_longer_sold_by(database, EAST)
    no_longer_sold_by(database, WEST)
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, EAST, WEST)


def test_cover_that_a_partner_took_over_itself_counts_as_its_own(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    end(database, EAST, WEST)
    work_off(database)
    no_longer_sold_by(database, WEST)
    third = "INSERT INTO partners (partner_id, name, first_day, last_day, back_dating_days, state) "
    ask(database, third + "VALUES ('telecom-north', 'n', '2026-01-01', '2030-12-31', 0, 'active') RETURNING 1")
    copied = "SELECT 3, product_code FROM partner_products WHERE partner_no = 2"
    ask(database, f"INSERT INTO partner_products {copied} RETURNING 1")
    with pytest.raises(CannotTakeOver, match=PRODUCT):
        end(database, WEST, PartnerId("telecom-north"))


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
from services.enrollment.usecases import wind_down
from shared.db.pool import Database
wind_down.STEP = 10
database = Database(sys.argv[1], size=1)
print("begins", flush=True)
while True:
    with database.transaction() as tx:
        wind_down.work_off_wind_downs(tx, now=datetime.fromisoformat(sys.argv[2]))
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
                        cancel_policy(tx, policy_id, "opt_out", tenant=tenant, actor="test", now=NOW)
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
        wind_downs.add_notices(tx, 1, [policy.policy_id])
    assert ask(database, "SELECT count(*) FROM notices") == [(1,)]


def ended_over_http(partner_manager: Partner, east: Partner, database: Database, people: int) -> list[str]:
    ids = [east.post("/v1/policies", body(n)).json["policy_id"] for n in range(people)]
    reply = partner_manager.post(f"/v1/partners/{EAST}/wind-down", {"transfer_to": WEST})
    assert (reply.status_code, reply.json["wind_down"]["state"]) == (202, "draining")
    work_off(database, now=wall_now())
    return sorted(ids)


def test_the_notice_list_is_read_page_by_page_and_worked_off(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    ids = ended_over_http(partner_manager, east, database, 5)
    notices = f"/v1/partners/{EAST}/notices"
    first = east.get(notices, limit="3").json
    rest = east.get(notices, limit="3", cursor=first["next_cursor"]).json
    items = first["items"] + rest["items"]
    assert ([each["policy_id"] for each in items], rest["next_cursor"]) == (ids, None)
    assert items[0] == {
        "policy_id": ids[0],
        "partner_reference": "sub-000000000",
        "channel": "app",
        "now_with": WEST,
        "notified_at": None,
        "notified_channel": None,
    }
    assert problem(west.get(notices)) == "unknown-partner"
    told = {"policy_ids": ids[:2], "channel": "sms", "notified_at": wall_now().isoformat()}
    assert east.post(f"{notices}/notified", told).json == {"marked": 2}
    assert partner_manager.post(f"{notices}/notified", told | {"channel": "letter"}).json == {"marked": 0}
    waiting = partner_manager.get(notices, waiting="true").json["items"]
    assert [each["policy_id"] for each in waiting] == ids[2:]
    assert east.get(notices, limit="1").json["items"][0]["notified_channel"] == "sms"
    assert partner_manager.get(f"/v1/partners/{EAST}").json["wind_down"]["policies_listed"] == 5
    later = told | {"notified_at": (wall_now() + timedelta(days=1)).isoformat()}
    assert east.post(f"{notices}/notified", later).json["errors"][0]["pointer"] == "/notified_at"


def test_whose_cover_ended_since_is_no_more_to_be_told(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    ids = ended_over_http(partner_manager, east, database, 3)
    assert west.post(f"/v1/policies/{ids[0]}/cancellation", {"reason": "insured_request"}).status_code == 201
    notices = f"/v1/partners/{EAST}/notices"
    waiting = east.get(notices, waiting="true").json["items"]
    assert [each["policy_id"] for each in waiting] == ids[1:]
    assert len(east.get(f"{notices}.csv", waiting="true").text.splitlines()) == 3
    assert len(east.get(notices).json["items"]) == 3, "the whole list still names everybody"


def test_the_notice_list_is_a_csv_too(partner_manager: Partner, east: Partner, database: Database) -> None:
    ids = ended_over_http(partner_manager, east, database, 3)
    file = east.get(f"/v1/partners/{EAST}/notices.csv", limit="2")
    assert file.content_type == "text/csv; charset=utf-8"
    lines = file.text.splitlines()
    assert lines[:2] == [
        "policy_id,partner_reference,channel,now_with,notified_at,notified_channel",
        f"{ids[0]},sub-000000000,app,telecom-west,,",
    ]
    assert len(lines) == 3
    rest = east.get(f"/v1/partners/{EAST}/notices.csv", cursor=file.headers["Next-Cursor"])
    assert (len(rest.text.splitlines()), "Next-Cursor" in rest.headers) == (2, False)


def test_a_partner_that_goes_on_has_no_notice_list(east: Partner) -> None:
    assert problem(east.get(f"/v1/partners/{EAST}/notices")) == "not-winding-down"


def test_after_a_move_the_new_partner_sees_the_policy_and_the_old_one_does_not(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    (policy_id,) = ended_over_http(partner_manager, east, database, 1)
    assert west.get(f"/v1/policies/{policy_id}").json["version"] == 2
    assert problem(east.get(f"/v1/policies/{policy_id}")) == "unknown-policy"
    assert west.get("/v1/policies", partner_reference="sub-000000000").json["items"][0]["policy_id"] == policy_id
