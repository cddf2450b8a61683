"""Partners' contracts as the insurer's staff keeps them, and as partners see theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.enrollment.files.usecases.verify_file import verify_file
from services.enrollment.partners import tools as contracts_file
from services.enrollment.partners.domain.errors import SignatureNotAllowed
from services.enrollment.partners.store import partners
from services.enrollment.products.usecases import shipped
from services.enrollment.tools import INSTALLER, TOOLS
from shared.db.pool import Database
from shared.values.ids import PartnerId
from tests.rules.enrollment.files.file_keys import DIGEST, OTHER, PRIVATE
from tests.services.enrollment.builders import Answer, Partner, body, csv, faults, row
from tests.services.enrollment.partners.partners import contract
from tests.services.enrollment.policies.at_once import at_once
from tests.services.enrollment.problems import problem

EAST = "/v1/partners/telecom-east"
NORTH = "/v1/partners/telecom-north"
SHIPPED = sorted({each.product_code for each in shipped.products()})


def actions(database: Database) -> list[tuple[str, str, str]]:
    """What people did; the operator's file is the installation's."""
    with database.transaction() as tx:
        return tx.all(
            "SELECT actor, action, subject FROM audit_log"
            f" WHERE action LIKE 'partner.%' AND actor <> '{INSTALLER}' ORDER BY number"
        )


def test_staff_enters_a_partner_and_reads_the_contract_again(partner_manager: Partner, database: Database) -> None:
    entered = partner_manager.put(NORTH, contract())
    assert entered.status_code == 201
    assert {name: entered.json[name] for name in contract()} == contract()
    assert (entered.json["state"], entered.json["version"], entered.json["managed_by"]) == ("active", 1, "http")
    again = partner_manager.get(NORTH)
    assert (again.json, again.headers["ETag"]) == (entered.json, '"1"')
    assert [each["partner_id"] for each in partner_manager.get("/v1/partners").json["items"]] == [
        "telecom-east",
        "telecom-north",
        "telecom-west",
    ]
    assert actions(database) == [("partner-manager", "partner.entered", "telecom-north")]
    with database.transaction() as tx:
        asked = tx.all("SELECT client, tenant FROM audit_log WHERE subject = 'telecom-north'")
    assert asked == [("partner-manager", "fangzha")]


def test_of_two_people_who_change_a_contract_the_second_one_is_told(partner_manager: Partner) -> None:
    partner_manager.put(NORTH, contract())
    assert problem(partner_manager.put(NORTH, contract(settlement_day=5))) == "match-missing"
    first = partner_manager.put(NORTH, contract(settlement_day=5), match='"1"')
    assert (first.status_code, first.headers["ETag"], first.json["settlement_day"]) == (200, '"2"', 5)
    second = partner_manager.put(NORTH, contract(settlement_day=6), match='"1"')
    assert (second.status_code, problem(second)) == (412, "version-mismatch")
    assert partner_manager.get(NORTH).json["settlement_day"] == 5


def test_what_changed_is_in_the_audit_trail_and_no_contact(partner_manager: Partner, database: Database) -> None:
    partner_manager.put(NORTH, contract())
    partner_manager.put(NORTH, contract(contact="another office", quota={}), match='"1"')
    with database.transaction() as tx:
        ((details,),) = tx.all("SELECT details FROM audit_log WHERE action = 'partner.changed'")
    assert msgspec.json.decode(details) == {"changed": "contact,quota", "version": 2}


def test_a_partner_sees_its_own_contract_alone_and_changes_none(east: Partner) -> None:
    assert east.get(EAST).json["name"] == "东部电信 (simulated)"
    assert [each["partner_id"] for each in east.get("/v1/partners").json["items"]] == ["telecom-east"]
    elsewhere = east.get("/v1/partners/telecom-west")
    assert (elsewhere.status_code, problem(elsewhere)) == (404, "unknown-partner")
    assert problem(east.put(EAST, contract())) == "scope-missing"


def test_a_partner_with_the_right_to_write_is_still_no_staff(app: Any, issuer: Any) -> None:
    forged = Partner(app.test_client(), issuer.token("telecom-east", scope="partners:read partners:write"))
    for reply in (
        forged.put(EAST, contract(), match='"1"'),
        forged.post(f"{EAST}/suspension", {"reason": "other"}),
        forged.post(f"{EAST}/resumption", {}),
        forged.post(f"{EAST}/wind-down", {"transfer_to": None}),
    ):
        assert (reply.status_code, problem(reply)) == (403, "not-staff")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"last_day": "2025-12-31"}, "/last_day"),
        ({"products": ["no-such-product"]}, "/products"),
        ({"compensation": {"kind": "commission", "value": 10_001}}, "/compensation/value"),
        ({"compensation": {"kind": "none", "value": 1}}, "/compensation/value"),
        ({"compensation": {"kind": "service_fee", "value": 1201}}, "/compensation/value"),
        ({"settlement_day": 29}, "/settlement_day"),
        ({"quota": {"rows_a_day": 0}}, "/quota/rows_a_day"),
        ({"file_keys": [{"name": "a", "public_key": "x" * 44}]}, "/file_keys/0/public_key"),
        ({"file_keys": contract()["file_keys"] * 2}, "/file_keys"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(
    partner_manager: Partner, changes: dict[str, Any], pointer: str
) -> None:
    refused = partner_manager.put(NORTH, contract(**changes))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)
    assert partner_manager.get(NORTH).status_code == 404


def test_of_two_people_who_enter_the_same_partner_at_once_the_second_one_is_told(
    partner_manager: Partner, database: Database
) -> None:
    entered = at_once(
        *(lambda day=day: partner_manager.put(NORTH, contract(settlement_day=day)) for day in range(1, 7))
    )
    told = {reply.status_code: reply.json for reply in entered if isinstance(reply, Answer)}
    assert (len(told), partner_manager.get(NORTH).json) == (2, told[201])
    assert told[428]["type"].endswith("match-missing")
    assert len(actions(database)) == 1


def test_a_service_fee_is_at_most_the_premium_of_each_product(partner_manager: Partner) -> None:
    whole = contract(compensation={"kind": "service_fee", "value": 1200})
    assert partner_manager.put(NORTH, whole).status_code == 201
    fee = {"kind": "service_fee", "value": 1200}
    cheapest = partner_manager.put(NORTH, contract(products=SHIPPED, compensation=fee), match='"1"')
    assert "account-theft" in cheapest.json["errors"][0]["detail"]


def test_the_insurer_is_no_partner(partner_manager: Partner) -> None:
    assert partner_manager.put("/v1/partners/fangzha", contract()).json["errors"][0]["pointer"] == "/partner_id"


def test_what_was_changed_over_http_the_operators_file_changes_no_more(
    partner_manager: Partner, database: Database, environ: dict[str, str], tmp_path: Path
) -> None:
    east = partner_manager.get(EAST)
    assert east.json["managed_by"] == "file"
    mine = {name: east.json[name] for name in contract()} | {"settlement_day": 20}
    assert partner_manager.put(EAST, mine, match=east.headers["ETag"]).json["managed_by"] == "http"
    both = msgspec.json.decode(contracts_file.SIMULATED_CONTRACTS.read_bytes())
    file = tmp_path / "contracts.json"
    file.write_bytes(msgspec.json.encode([each | {"settlement_day": 3} for each in both]))
    assert TOOLS.after_migrate is not None
    for _ in range(2):
        TOOLS.after_migrate(TOOLS.settings.load(environ | {"ENROLLMENT_CONTRACTS_FILE": str(file)}), database)
    days = {each["partner_id"]: each["settlement_day"] for each in partner_manager.get("/v1/partners").json["items"]}
    assert days == {"telecom-east": 20, "telecom-west": 3}
    assert partner_manager.get("/v1/partners/telecom-west").json["version"] == 2, "read twice, changed once"


def test_an_operators_file_holds_all_that_a_contract_says(
    partner_manager: Partner, database: Database, environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "contracts.json"
    file.write_bytes(msgspec.json.encode([contract(partner_id="telecom-north", state="active")]))
    assert TOOLS.after_migrate is not None
    TOOLS.after_migrate(TOOLS.settings.load(environ | {"ENROLLMENT_CONTRACTS_FILE": str(file)}), database)
    shown = partner_manager.get(NORTH).json
    assert {name: shown[name] for name in contract()} == contract()


def test_the_document_says_that_a_put_may_enter_or_change(app: Any) -> None:
    document = app.test_client().get("/openapi.json").json["paths"]["/v1/partners/{partner_id}"]["put"]["responses"]
    assert document["200"]["content"] == document["201"]["content"]


def suspended(partner_manager: Partner) -> Answer:
    return partner_manager.post(f"{EAST}/suspension", {"reason": "payment_overdue"})


def test_a_suspended_partner_enrolls_nobody_and_keeps_its_running_cover(
    partner_manager: Partner, east: Partner, database: Database, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", body(1))
    assert suspended(partner_manager).json["state"] == "suspended"
    assert suspended(partner_manager).status_code == 200, "told twice, it is suspended once"
    refused = east.post("/v1/policies", body(2))
    assert (refused.status_code, problem(refused)) == (409, "contract-not-running")
    assert problem(east.upload(csv([row(3)]))) == "contract-not-running"
    assert east.get(policy.headers["Location"]).json["state"] == "in_force"
    assert partner_manager.post(f"{EAST}/resumption", {}).json["state"] == "active"
    assert east.post("/v1/policies", body(2)).status_code == 201
    assert problem(partner_manager.post(f"{EAST}/resumption", {})) == "not-suspended"
    assert [action for _actor, action, _subject in actions(database)] == ["partner.suspended", "partner.resumed"]
    assert faults(database, environ) == []


def test_why_a_partner_is_suspended_is_shown_to_the_insurer_until_it_resumes(
    partner_manager: Partner, east: Partner
) -> None:
    assert suspended(partner_manager).json["suspension_reason"] == "payment_overdue"
    assert partner_manager.get(EAST).json["suspension_reason"] == "payment_overdue"
    assert east.get(EAST).json["suspension_reason"] is None
    assert partner_manager.post(f"{EAST}/resumption", {}).json["suspension_reason"] is None
    suspended(partner_manager)
    undecided = partner_manager.post(f"{EAST}/wind-down", {})
    assert (undecided.status_code, undecided.json["errors"][0]["pointer"]) == (422, "/transfer_to")
    ending = partner_manager.post(f"{EAST}/wind-down", {"transfer_to": None})
    assert ending.json["suspension_reason"] is None


def test_a_suspension_told_again_with_another_reason_has_that_one(partner_manager: Partner, database: Database) -> None:
    before = suspended(partner_manager).json
    after = partner_manager.post(f"{EAST}/suspension", {"reason": "regulator"}).json
    assert (after["state"], after["suspension_reason"]) == ("suspended", "regulator")
    assert after["version"] == before["version"] + 1
    assert [action for _actor, action, _subject in actions(database)] == ["partner.suspended"] * 2


def test_saying_a_contract_anew_does_not_end_its_suspension(partner_manager: Partner) -> None:
    before = suspended(partner_manager)
    mine = {name: before.json[name] for name in contract()} | {"contact": "x"}
    after = partner_manager.put(EAST, mine, match=before.headers["ETag"])
    assert (after.json["contact"], after.json["state"]) == ("x", "suspended")


def test_a_delivered_file_needs_a_signature_where_the_contract_names_keys(
    partner_manager: Partner, database: Database
) -> None:
    partner_manager.put(NORTH, contract())
    with database.transaction() as tx:
        north, east = (partners.contract(tx, PartnerId(each)) for each in ("telecom-north", "telecom-east"))
        assert north is not None
        assert east is not None
        assert verify_file(tx, north, DIGEST, OTHER.sign(DIGEST)) == "2026"
        assert verify_file(tx, east, DIGEST, None) is None
        for partner, signature in ((north, None), (north, PRIVATE.sign(DIGEST)), (east, OTHER.sign(DIGEST))):
            with pytest.raises(SignatureNotAllowed):
                verify_file(tx, partner, DIGEST, signature)
