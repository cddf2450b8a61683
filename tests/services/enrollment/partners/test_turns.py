"""Whose contract and whose wind-down is whose turn, and that two persons who change one contract do it in turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.enrollment.partners.domain.errors import PartnerEnds
from services.enrollment.partners.store import partner_records, wind_downs
from services.enrollment.partners.usecases.keep_partner import suspend_partner
from services.enrollment.partners.usecases.wind_down import wind_down
from services.enrollment.policies.store import transfers
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import EventId
from tests.services.enrollment.builders import NOW, row
from tests.services.enrollment.partners.wind_down import EAST, WEST, ask, end, state, until_listing, work_off
from tests.services.enrollment.policies.at_once import beside, enroll


def ends(tx: Tx) -> None:
    wind_down(tx, EAST, None, actor="partner-manager", now=NOW)


def suspends(tx: Tx) -> None:
    suspend_partner(tx, EAST, "other", actor="partner-manager", now=NOW)


@pytest.mark.parametrize("second", [ends, suspends])
def test_who_changes_a_contract_beside_its_end_is_told_that_it_ended(
    database: Database, second: Callable[[Tx], None]
) -> None:
    assert isinstance(beside(database, ends, second), PartnerEnds)
    assert ask(database, f"SELECT action FROM audit_log WHERE subject = '{EAST}' AND action <> 'partner.entered'") == [
        ("partner.wind_down",)
    ]


def test_a_contract_that_ends_goes_back_to_no_other_state(database: Database) -> None:
    end(database)
    with database.transaction() as tx:
        assert not partner_records.set_state(tx, EAST, "active", managed_by="http")
    assert ask(database, f"SELECT state FROM partners WHERE partner_id = '{EAST}'") == [("wind_down",)]


def test_a_worker_passes_over_the_wind_down_that_another_works_on(database: Database) -> None:
    end(database, EAST)
    end(database, WEST)
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '5s'")
        taken = [wind_downs.take_next(each) for each in (tx, other)]
    assert [each and each.partner_id for each in taken] == [EAST, WEST]


def test_a_policy_that_ended_moves_to_nobody(database: Database, vault: Vault) -> None:
    policy = enroll(database, vault, row(1))
    until_listing(database, now=NOW)
    with database.transaction() as tx:
        ending = wind_downs.take_next(tx)
        assert ending is not None
        cancel_policy(tx, policy.policy_id, "insured_request", tenant=EAST, actor="test", vault=vault, now=NOW)
        transfers.move(tx, ending, [(policy.policy_id, 3)], to=2, event_id=EventId(new_id()), now=NOW)
    assert ask(database, "SELECT partner_no, version FROM policies") == [(1, 2)]


def test_a_wind_down_that_is_done_stays_done(database: Database, vault: Vault) -> None:
    policy = enroll(database, vault, row(1))
    end(database)
    with database.transaction() as tx:
        work = wind_downs.take_next(tx)
    assert work is not None
    work_off(database)
    before = ask(database, "SELECT * FROM wind_downs")
    assert state(database).state == "done"
    with database.transaction() as tx:
        wind_downs.wait_for(tx, work.partner_no, ["1/1"])
        wind_downs.begin_listing(tx, work.partner_no)
        wind_downs.further(tx, work, ("sub-1", policy.policy_id), listed=1, transferred=0)
        wind_downs.done(tx, work, NOW + timedelta(days=1))
    assert ask(database, "SELECT * FROM wind_downs") == before
