"""The operator's file of contracts: held to the same rules as contracts over HTTP, with the same trail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.enrollment.partners import tools as contracts_file
from services.enrollment.partners.usecases.keep_partner import hold_partner
from services.enrollment.tools import INSTALLER, TOOLS
from shared.db.pool import Database
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import Partner, faults
from tests.services.enrollment.partners.partners import contract
from tests.services.enrollment.partners.wind_down import EAST, WEST, end

NORTH = PartnerId("telecom-north")
Follow = Callable[..., None]


def entry(**changes: Any) -> dict[str, Any]:
    """What the file says of a partner."""
    return contract(partner_id=NORTH, state="active") | changes


@pytest.fixture
def follow(database: Database, environ: dict[str, str], tmp_path: Path) -> Follow:
    """Migrates with a file of these entries."""

    def run(*entries: dict[str, Any]) -> None:
        file = tmp_path / "contracts.json"
        file.write_bytes(msgspec.json.encode(entries))
        assert TOOLS.after_migrate is not None
        TOOLS.after_migrate(TOOLS.settings.load(environ | {"ENROLLMENT_CONTRACTS_FILE": str(file)}), database)

    return run


def trail(database: Database) -> list[tuple[str, str]]:
    with database.transaction() as tx:
        return tx.all(
            "SELECT action, details FROM audit_log WHERE actor = %s AND subject = %s ORDER BY number",
            (INSTALLER, NORTH),
        )


def test_what_the_file_changes_stands_in_the_audit_trail_and_what_it_repeats_does_not(
    database: Database, follow: Follow, environ: dict[str, str]
) -> None:
    for said in (
        entry(),
        entry(),
        entry(contact="another office"),
        entry(contact="another office", state="suspended", suspension_reason="data_quality"),
        entry(contact="another office"),
        entry(contact="another office", state="wind_down"),
        entry(contact="another office", state="wind_down"),
    ):
        follow(said)
    assert [action for action, _details in trail(database)] == [
        "partner.entered",
        "partner.changed",
        "partner.suspended",
        "partner.resumed",
        "partner.wind_down",
    ]
    assert "data_quality" in trail(database)[2][1]
    with database.transaction() as tx:
        stored = hold_partner(tx, NORTH)
    assert stored is not None
    assert (stored.managed_by, stored.terms.contract.state) == ("file", "wind_down")
    assert faults(database, environ) == []


def test_the_file_keeps_the_reason_of_a_suspension_too(database: Database, follow: Follow) -> None:
    for reason in ("data_quality", "regulator", "regulator"):
        follow(entry(state="suspended", suspension_reason=reason))
    with database.transaction() as tx:
        stored = hold_partner(tx, NORTH)
    assert stored is not None
    assert (stored.suspension_reason, stored.managed_by, stored.version) == ("regulator", "file", 3)
    assert [action for action, _details in trail(database)] == [
        "partner.entered",
        "partner.suspended",
        "partner.suspended",
    ]
    assert "regulator" in trail(database)[2][1]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": ""}, "/1/name"),
        ({"contact": "x" * 201}, "/1/contact"),
        ({"contact": "Ms Li, 138 1234 5678"}, "/1/contact"),
        ({"name": "13812345678"}, "/1/name"),
        ({"partner_id": "North\n"}, "/1/partner_id"),
        ({"settlement_day": 29}, "/1/settlement_day"),
        ({"back_dating_days": 367}, "/1/back_dating_days"),
        ({"quota": {"rows_a_day": 0}}, "/1/quota/rows_a_day"),
        ({"rows_a_day": 1}, "/1/rows_a_day"),
        ({"state": "gone"}, "/1/state"),
        ({"file_keys": [{"name": "a b", "public_key": "x"}]}, "/1/file_keys/0/name"),
        ({"file_keys": [{"name": "a", "public_key": "x"}]}, "/1/file_keys/0/public_key"),
    ],
)
def test_a_field_that_is_not_acceptable_is_named_with_its_entry(
    partner_manager: Partner, follow: Follow, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        follow(entry(partner_id="telecom-south"), entry(**changes))
    assert refused.value.pointer == where
    assert f"at {where}: " in str(refused.value)
    assert partner_manager.get("/v1/partners/telecom-south").status_code == 404, "all of the file or nothing"


@pytest.mark.parametrize("text", ["[{", "{}", "", '{"partner_id": "telecom-north"}'])
def test_a_file_that_is_no_list_of_contracts_says_so_with_what_to_write(tmp_path: Path, text: str) -> None:
    file = tmp_path / "contracts.json"
    file.write_text(text)
    with pytest.raises(
        InvalidField, match=r"The file of contracts, at its beginning: .+ (Write it as JSON|Send a list)"
    ):
        contracts_file.contracts(file)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"partner_id": "fangzha"}, "/1/partner_id"),
        ({"partner_id": "telecom-south"}, "/1/partner_id"),
        ({"products": ["no-such-product"]}, "/1/products"),
        ({"last_day": "2025-12-31"}, "/1/last_day"),
        ({"last_day": "2200-01-01"}, "/1/last_day"),
        ({"compensation": {"kind": "commission", "value": 10_001}}, "/1/compensation/value"),
        ({"file_keys": contract()["file_keys"] * 2}, "/1/file_keys"),
    ],
)
def test_a_contract_that_contradicts_itself_is_named_with_its_entry(
    partner_manager: Partner, follow: Follow, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        follow(entry(partner_id="telecom-south"), entry(**changes))
    assert refused.value.pointer == pointer
    assert pointer in str(refused.value)
    assert partner_manager.get("/v1/partners/telecom-south").status_code == 404, "all of the file or nothing"


def test_the_file_ends_no_partner_that_is_taking_policies_over(database: Database, follow: Follow) -> None:
    west = entry(partner_id=WEST, products=[], state="wind_down")
    end(database, EAST, WEST)
    with pytest.raises(InvalidField, match="taking over policies of telecom-east") as refused:
        follow(west)
    assert refused.value.pointer == "/0/state"


def test_the_file_brings_no_ended_partner_back(follow: Follow) -> None:
    follow(entry(state="wind_down"))
    with pytest.raises(InvalidField, match="one way"):
        follow(entry())
