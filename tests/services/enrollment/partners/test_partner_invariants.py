"""What verify finds when partners, moves or opt-outs were tampered with."""

from __future__ import annotations

import pytest

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from tests.services.enrollment.builders import faults, row
from tests.services.enrollment.partners.wind_down import EAST, WEST, end, work_off
from tests.services.enrollment.people.opt_outs import leave
from tests.services.enrollment.policies.at_once import enroll


@pytest.fixture
def ended(database: Database, vault: Vault) -> Database:
    """East moved two policies to West; somebody else opted out."""
    for n in range(2):
        enroll(database, vault, row(n))
    end(database, EAST, WEST)
    work_off(database)
    leave(database, vault, row(9))
    return database


def test_an_end_that_went_well_has_nothing_to_report(ended: Database, environ: dict[str, str]) -> None:
    assert faults(ended, environ) == []


@pytest.mark.parametrize(
    ("number", "damage", "said"),
    [
        (4, "DELETE FROM outbox WHERE type = 'policies.transferred'", "event of transfer from partner 1"),
        (10, "UPDATE opt_outs SET person_token = (SELECT min(person_token) FROM policies)", "who opted out"),
        (
            10,
            "UPDATE opt_outs SET person_token = (SELECT min(person_token) FROM policies), lifted_at = opted_out_at",
            "by a consent that is not younger",
        ),
        (10, "UPDATE policies SET partner_no = 1", "moved to partner 2 and is with partner 1"),
        (10, "UPDATE policies SET partner_no = 1", "which ended"),
        (10, "DELETE FROM notices", "not to be told"),
        (10, "UPDATE wind_downs SET transferred = 1", "lists 2 and moved 1"),
        (10, "UPDATE partners SET state = 'active'", "as if it ended"),
        (10, "UPDATE partners SET state = 'wind_down'", "nobody lists"),
    ],
)
def test_what_breaks_an_invariant_is_found(
    ended: Database, environ: dict[str, str], number: int, damage: str, said: str
) -> None:
    with ended.transaction() as tx:
        tx.execute(damage)
    settings = TOOLS.settings.load(environ)
    found = [fault for check in TOOLS.checks(settings, ended) if check.number == number for fault in check.run()]
    assert any(said in fault for fault in found), found
