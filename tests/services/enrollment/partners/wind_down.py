"""Partners whose contract ends, step by step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.partners.domain.partners import PartnerRecord
from services.enrollment.partners.store import partner_records
from services.enrollment.partners.usecases.wind_down import wind_down
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.policies.usecases.work_off_wind_downs import work_off_wind_downs
from shared.db.pool import Database
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import NOW, PRODUCT, csv, row

EAST, WEST = PartnerId("telecom-east"), PartnerId("telecom-west")


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


def until_listing(database: Database, *, now: datetime) -> None:
    """East ends, and nothing that read its contract before is on its way any more: steps move its policies to west."""
    end(database, EAST, WEST)
    while state(database).state == "draining":
        with database.transaction() as tx:
            work_off_wind_downs(tx, now=now)


def ask(database: Database, sql: str) -> Any:
    with database.transaction() as tx:
        return tx.all(sql)
