"""A claim that is begun today and handed in tomorrow: what it lacks is said, and it is nobody's business meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.states import WAITS
from services.fraud_detection.filing.api.claim_drafts import ClaimDraft, merged
from services.fraud_detection.filing.api.claims import ClaimRequest
from shared.events.policies import PoliciesErased
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, claim_body, take
from tests.services.fraud_detection.test_http import slug

Callers = Callable[[str], Caller]
DRAFTS = "/v1/claim-drafts"


def begun(caller: Callers, body: dict[str, Any], client: str = "mobile-backend") -> dict[str, Any]:
    reply = caller(client).post(DRAFTS, body)
    assert reply.status_code == 201, reply.text
    shown: dict[str, Any] = reply.json
    return shown


def pointers(found: list[dict[str, str]]) -> list[str]:
    return [each["pointer"] for each in found]


def left_out(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_an_empty_draft_is_told_everything_that_a_claim_needs_at_once(world: World, caller: Callers) -> None:
    shown = begun(caller, {})
    assert (shown["state"], shown["version"], shown["complete"], shown["faults"]) == ("draft", 1, False, [])
    assert pointers(shown["missing"]) == [
        "/policy_id",
        "/claimant/document_type",
        "/claimant/document_number",
        "/claimant/phone",
        "/loss/occurred_at",
        "/loss/discovered_at",
        "/loss/reported_at",
        "/evidence",
        "/payee_token",
        "/loss/amount_fen",
    ]
    assert all(each["fix"] for each in shown["missing"])
    assert "hand it in" in shown["status"]["next_en"]


def test_what_contradicts_itself_is_kept_and_all_of_it_is_said_at_once(world: World, caller: Callers) -> None:
    person = world.covered()
    body = claim_body(person, loss={"discovered_at": (LOSS - timedelta(hours=1)).isoformat(), "scam_type": None})
    body["claimant"] = {"document_type": "resident_id", "document_number": "110101199001010000", "phone": "12"}
    body["liability"] = "none_such"
    shown = begun(caller, left_out(body, "payee_token"))
    assert pointers(shown["missing"]) == ["/payee_token"]
    assert pointers(shown["faults"]) == [
        "/loss/discovered_at",
        "/claimant/document_number",
        "/claimant/phone",
        "/liability",
    ]
    assert "110101199001010000" not in str(shown)


def test_a_transfer_that_is_half_told_lacks_its_other_half_alone(world: World, caller: Callers) -> None:
    body = claim_body(world.covered(), loss={"transfers": [{"amount_fen": 500_000}]})
    del body["loss"]["amount_fen"]
    shown = begun(caller, body)
    assert pointers(shown["missing"]) == ["/loss/transfers/0/occurred_at", "/loss/transfers/0/channel"]
    assert shown["faults"] == []


def test_a_shape_that_no_claim_has_is_refused_and_nothing_is_kept(world: World, caller: Callers) -> None:
    reply = caller("mobile-backend").post(DRAFTS, {"policy_id": "mine", "loss": {"amount_fen": "much"}, "extra": 1})
    assert reply.status_code == 422
    assert sorted(pointers(reply.json["errors"])) == ["/extra", "/loss/amount_fen", "/policy_id"]
    assert world.rows("SELECT FROM claim_drafts") == []


def test_a_draft_grows_by_what_is_sent_and_shrinks_by_null(world: World, caller: Callers) -> None:
    person, mobile = world.covered(), caller("mobile-backend")
    draft = begun(caller, {"policy_id": person.policy_id, "claimant": {"document_type": "resident_id"}})
    path = f"{DRAFTS}/{draft['draft_id']}"
    told = {"claimant": {"document_number": person.document_number}, "device_id": "device-1", "loss": {"amount_fen": 5}}
    assert mobile.patch(path, told, version=1).json["version"] == 2
    assert mobile.patch(path, {"device_id": None, "loss": {"amount_fen": None}}, version=2).status_code == 200
    shown = mobile.get(path)
    assert (shown.json["version"], shown.headers["ETag"]) == (3, '"3"')
    claim = {name: value for name, value in shown.json["claim"].items() if value is not None}
    assert claim["policy_id"] == person.policy_id
    assert claim["claimant"] == {
        "document_type": "resident_id",
        "document_number": person.document_number[:3] + "*" * 13 + person.document_number[-2:],
        "phone": None,
    }
    assert "device_id" not in claim


def test_who_changes_what_another_changed_meanwhile_is_told_so(world: World, caller: Callers) -> None:
    path = f"{DRAFTS}/{begun(caller, {})['draft_id']}"
    mobile = caller("mobile-backend")
    assert mobile.patch(path, {"liability": "a"}, version=1).status_code == 200
    assert slug(mobile.patch(path, {"liability": "b"}, version=1)) == "version-mismatch"
    assert slug(mobile.patch(path, {"liability": "b"})) == "match-missing"


def test_what_is_merged_is_merged_as_the_rfc_has_it() -> None:
    before = {"a": "b", "c": {"d": "e", "f": "g"}, "h": [1, 2]}
    change = {"a": "z", "c": {"f": None, "i": {"j": None}}, "h": [3], "k": None}
    assert merged(before, change) == {"a": "z", "c": {"d": "e", "i": {}}, "h": [3]}


def test_a_draft_may_tell_whatever_a_claim_may() -> None:
    assert ClaimDraft.model_fields.keys() == ClaimRequest.model_fields.keys()
    body = claim_body(Person(ClaimId(new_id()), "1", "2"))  # type: ignore[arg-type]
    told = ClaimRequest.model_validate_json(json.dumps(body)).model_dump_json()
    assert ClaimDraft.model_validate_json(told).model_dump_json() == told


def test_a_draft_is_handed_in_as_any_claim_is_filed(world: World, caller: Callers) -> None:
    person, mobile = world.covered(), caller("mobile-backend")
    draft = begun(caller, claim_body(person))
    assert draft["complete"] is True
    reply = mobile.post(f"{DRAFTS}/{draft['draft_id']}/submission", None)
    assert reply.status_code == 202, reply.text
    assert (reply.json["claim_id"], reply.json["state"]) == (draft["draft_id"], "filed")
    steps = world.rows("SELECT version, from_state, to_state, by_whom FROM claim_steps ORDER BY version")
    assert steps == [(1, None, "draft", "mobile-backend"), (2, "draft", "filed", "mobile-backend")]
    assert world.rows("SELECT FROM claim_drafts") == []
    claim = world.claim(ClaimId(draft["draft_id"]))
    assert world.decide(claim) == "approved"
    again = mobile.post(f"{DRAFTS}/{draft['draft_id']}/submission", None)
    assert (again.status_code, again.json["state"]) == (202, "approved")
    assert world.rows("SELECT count(*) FROM claims") == [(1,)]
    assert mobile.get(f"{DRAFTS}/{draft['draft_id']}").status_code == 404


def test_a_draft_that_lacks_something_is_not_handed_in_and_all_of_it_is_said(world: World, caller: Callers) -> None:
    body = left_out(claim_body(world.covered(), loss={"reported_at": LOSS.isoformat()}), "payee_token", "evidence")
    draft = begun(caller, body)
    reply = caller("mobile-backend").post(f"{DRAFTS}/{draft['draft_id']}/submission", None)
    assert reply.status_code == 422
    assert pointers(reply.json["errors"]) == ["/evidence", "/payee_token", "/loss/reported_at"]
    assert world.rows("SELECT count(*) FROM claims") == [(0,)]


def test_a_draft_whose_policy_is_not_known_becomes_a_claim_that_waits_for_it(world: World, caller: Callers) -> None:
    draft = begun(caller, claim_body(world.person()))
    reply = caller("mobile-backend").post(f"{DRAFTS}/{draft['draft_id']}/submission", None)
    assert reply.json["state"] == "waiting_for_policy"
    assert world.claim(ClaimId(draft["draft_id"])).due_at is not None


def test_a_draft_that_two_hand_in_at_once_is_one_claim(world: World, caller: Callers) -> None:
    draft = begun(caller, claim_body(world.covered()))
    ways = [caller("mobile-backend") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda each: each.post(f"{DRAFTS}/{draft['draft_id']}/submission", None), ways))
    assert [(each.status_code, each.json["claim_id"]) for each in replies] == [(202, draft["draft_id"])] * 4
    assert len(world.events("claims.submitted")) == 1


def test_a_draft_holds_no_transfer_and_is_no_claim(world: World, caller: Callers) -> None:
    person = world.covered()
    begun(caller, claim_body(person))
    claim = world.file(person)
    assert world.decide(claim) == "approved"
    assert world.rows("SELECT count(*) FROM transfers") == [(1,)]
    assert [each["claim_id"] for each in caller("mobile-backend").get("/v1/claims").json["items"]] == [claim.claim_id]


def test_the_second_of_draft_and_claim_is_told_that_the_transfer_was_claimed(world: World, caller: Callers) -> None:
    person = world.covered()
    draft = begun(caller, claim_body(person))
    claim = world.file(person)
    reply = caller("mobile-backend").post(f"{DRAFTS}/{draft['draft_id']}/submission", None)
    assert reply.json["duplicate_of"] == claim.claim_id


def test_only_the_client_that_made_a_draft_finds_it(world: World, caller: Callers) -> None:
    draft = begun(caller, claim_body(world.covered()))
    path, bank = f"{DRAFTS}/{draft['draft_id']}", caller("bank-app")
    assert bank.get(path).status_code == 404
    assert bank.patch(path, {"liability": "a"}, version=1).status_code == 404
    assert bank.post(f"{path}/submission", None).status_code == 404
    assert bank.delete(path).status_code == 404
    assert bank.get(DRAFTS).json["items"] == []
    assert [each["draft_id"] for each in caller("mobile-backend").get(DRAFTS).json["items"]] == [draft["draft_id"]]
    with world.database.transaction() as tx:
        tx.execute("UPDATE claim_drafts SET client_id = 'another client of the channel'")
    assert caller("mobile-backend").get(path).status_code == 404


def test_what_a_draft_tells_lies_sealed(world: World, caller: Callers) -> None:
    person = world.covered()
    begun(caller, claim_body(person))
    (kept,) = world.rows("SELECT t::text FROM claim_drafts AS t")[0]
    for clear in (person.document_number, person.phone, "客服", "device-1"):
        assert clear not in kept
    ((content,),) = world.rows("SELECT content FROM claim_drafts")
    assert person.document_number.encode() not in bytes(content)


def test_a_draft_that_is_thrown_away_is_gone(world: World, caller: Callers) -> None:
    path, mobile = f"{DRAFTS}/{begun(caller, {})['draft_id']}", caller("mobile-backend")
    assert mobile.delete(path).status_code == 204
    assert slug(mobile.get(path)) == "unknown-draft"
    assert slug(mobile.delete(path)) == "unknown-draft"


def test_a_draft_lapses_thirty_days_after_it_was_begun(world: World, caller: Callers) -> None:
    draft = begun(caller, claim_body(world.covered()))
    ((begun_at, lapses_at),) = world.rows("SELECT begun_at, lapses_at FROM claim_drafts")
    assert lapses_at - begun_at == WAITS["draft"] == timedelta(days=30)
    world.run_timers(lapses_at - timedelta(seconds=1))
    assert caller("mobile-backend").get(f"{DRAFTS}/{draft['draft_id']}").status_code == 200
    world.run_timers(lapses_at)
    assert world.rows("SELECT FROM claim_drafts") == []


@pytest.mark.parametrize("named", ["policy", "claimant"])
def test_a_draft_goes_with_the_person_whose_it_is(world: World, caller: Callers, named: str) -> None:
    person = world.covered()
    stays = begun(caller, claim_body(world.covered()))["draft_id"]
    body = claim_body(person)
    begun(caller, left_out(body, "claimant" if named == "policy" else "policy_id"))
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    assert world.rows("SELECT draft_id FROM claim_drafts") == [(stays,)]


def test_nothing_is_drafted_on_the_policy_of_who_was_forgotten(world: World, caller: Callers) -> None:
    person, unknown = world.covered(), world.person()
    draft = begun(caller, {})
    take(world, PoliciesErased(policy_ids=[person.policy_id, unknown.policy_id], erased_at=NOW))
    mobile = caller("mobile-backend")
    for policy_id in (person.policy_id, unknown.policy_id):
        assert slug(mobile.post(DRAFTS, {"policy_id": policy_id})) == "policy-erased"
        changed = mobile.patch(f"{DRAFTS}/{draft['draft_id']}", {"policy_id": policy_id}, version=1)
        assert slug(changed) == "policy-erased"


def test_a_draft_is_begun_once_however_often_it_is_sent(world: World, caller: Callers) -> None:
    key = new_id()
    first = caller("mobile-backend").post(DRAFTS, {"liability": "a"}, key=key)
    again = caller("mobile-backend").post(DRAFTS, {"liability": "a"}, key=key)
    assert first.json == again.json
    assert world.rows("SELECT count(*) FROM claim_drafts") == [(1,)]
