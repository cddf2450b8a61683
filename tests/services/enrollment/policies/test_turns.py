"""Which run of renewals is whose turn, and that one which came to an end stays as it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.enrollment.policies.store import renewals
from services.enrollment.policies.store.renewals import Run
from services.enrollment.policies.usecases.run_renewals import start_renewals
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import PRODUCT
from tests.services.enrollment.partners.wind_down import EAST, WEST
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office


def begun(office: Office, partner: PartnerId = EAST, *, minutes: int = 0) -> str:
    """A run of all that ends by the last day of the term, ordered so many minutes later than others."""
    now = SHORTLY_BEFORE + timedelta(minutes=minutes)
    with office.database.transaction() as tx:
        return start_renewals(tx, partner, PRODUCT, (ENDS - timedelta(hours=1)).date(), actor="test", now=now).run_id


def run_of(office: Office, run_id: str) -> Run | None:
    with office.database.transaction() as tx:
        return renewals.run(tx, run_id, EAST)


def test_the_run_that_was_ordered_first_is_worked_on_first_and_by_one_worker(office: Office) -> None:
    later, first = begun(office, minutes=1), begun(office, WEST)
    with office.database.transaction() as tx, office.database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '5s'")
        taken = [renewals.take_next(each, 10) for each in (tx, other)]
    assert [each and each.run_id for each in taken] == [first, later]


@pytest.mark.parametrize("ended", ["finished", "stopped"])
def test_a_run_that_ended_stays_as_it_ended(office: Office, ended: str) -> None:
    office.enroll(1)
    run_id = begun(office)
    with office.database.transaction() as tx:
        work = renewals.take_next(tx, 10)
    assert work is not None
    assert work.last is not None
    if ended == "finished":
        office.work_off_renewals(SHORTLY_BEFORE)
    else:
        with office.database.transaction() as tx:
            renewals.stop(tx, run_id, "product_not_sold", SHORTLY_BEFORE)
    before = run_of(office, run_id)
    assert before is not None
    assert before.state == ended
    late = SHORTLY_BEFORE + timedelta(hours=1)
    with office.database.transaction() as tx:
        renewals.further(tx, work, renewed=1, skipped=(), now=late)
        renewals.further(tx, replace(work, last=None), renewed=0, skipped=(), now=late)
        renewals.stop(tx, run_id, "wind_down", late)
    assert run_of(office, run_id) == before
