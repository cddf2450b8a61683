"""What is told otherwise before the decision: the first word is kept, and the claim is decided on the last one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import amendments
from services.fraud_detection.coverage.store import coverage_rows
from services.fraud_detection.erasure.usecases.erase_policies import erase
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, champion, evidence
from tests.services.fraud_detection.test_http import slug

Callers = Callable[[str], Caller]


def paid(reference: str, *, minutes: int = 0, yuan: int = 5_000, refunded: int = 0) -> ToldTransfer:
    return ToldTransfer(
        occurred_at=LOSS + timedelta(minutes=minutes),
        amount_fen=Fen(yuan * 100),
        channel="bank",
        reference=reference,
        refunded_fen=Fen(refunded * 100),
    )


def transfer(reference: str, *, minutes: int = 0, yuan: int = 5_000, **changes: Any) -> dict[str, Any]:
    at = (LOSS + timedelta(minutes=minutes)).isoformat()
    return {"occurred_at": at, "amount_fen": yuan * 100, "channel": "bank", "reference": reference, **changes}


def of_transfers(world: World, person: Person, *told: ToldTransfer, **changes: Any) -> Claim:
    return world.file(person, amount_fen=None, transfers=told, **changes)


def amend(caller: Callers, world: World, claim: Claim, body: dict[str, Any], **given: Any) -> Any:
    version = given.get("version", world.claim(claim.claim_id).version)
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return caller("mobile-backend").post(f"/v1/claims/{claim.claim_id}/amendments", body, headers=headers)


def places(world: World) -> list[tuple[Any, ...]]:
    return world.rows("SELECT claim_id, line, place FROM transfers ORDER BY claim_id, line")


def before(world: World, claim: Claim) -> list[dict[str, Any]]:
    def opened(tx: Tx) -> list[dict[str, Any]]:
        return [
            json.loads(world.personal_data.open(tx, each.before, claim.claim_id, f"amendment:{each.version}"))
            for each in amendments.of_claim(tx, claim.claim_id)
        ]

    with world.database.transaction() as tx:
        return opened(tx)


def test_a_forgotten_transfer_is_added_and_the_claim_is_decided_on_both(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    reply = amend(caller, world, claim, {"transfers": {"add": [transfer("R2", minutes=20, yuan=3_000)]}})
    assert (reply.status_code, reply.json["state"], reply.json["amount_fen"]) == (202, "filed", 800_000)
    assert places(world) == [(claim.claim_id, 0, "own"), (claim.claim_id, 1, "own")]
    assert world.decide(claim) == "approved"
    assert world.rows("SELECT amount_fen FROM decisions") == [(800_000,)]


def test_what_was_told_first_is_kept_with_who_amended_it_and_when(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    body = {"transfers": {"correct": [{"line": 0, "transfer": transfer("R1", yuan=6_000)}]}, "phone": "13900019999"}
    assert amend(caller, world, claim, body).status_code == 202
    rows = world.rows("SELECT version, fields, amount_before_fen, amount_after_fen, amended_by FROM claim_amendments")
    assert rows == [(2, ["transfers", "phone"], 500_000, 600_000, "mobile-backend")]
    (was,) = before(world, claim)
    assert (was["transfers"][0]["reference"], was["transfers"][0]["amount_fen"]) == ("R1", 500_000)
    assert was["phone"] == claim.phone_token != world.claim(claim.claim_id).phone_token
    ((kept,),) = world.rows("SELECT before FROM claim_amendments")
    assert b"R1" not in bytes(kept)


def test_a_removed_transfer_is_free_for_the_claim_that_waits_for_it(world: World, caller: Callers) -> None:
    person = world.covered()
    first = of_transfers(world, person, paid("R1"), paid("R2", minutes=30))
    second = of_transfers(world, person, paid("R2", minutes=30))
    assert places(world)[-1] == (second.claim_id, 0, None)
    reply = amend(caller, world, first, {"transfers": {"remove": [1]}})
    assert reply.json["amount_fen"] == 500_000
    assert places(world) == [(first.claim_id, 0, "own"), (second.claim_id, 0, "own")]


def test_a_transfer_that_another_claim_has_is_told_as_claimed_there(world: World, caller: Callers) -> None:
    person = world.covered()
    first = of_transfers(world, person, paid("R1"))
    second = of_transfers(world, person, paid("R2", minutes=90))
    reply = amend(caller, world, second, {"transfers": {"add": [transfer("r-1")]}})
    assert reply.json["duplicate_of"] == first.claim_id
    assert world.decide(first) == "approved"
    assert world.decide(second) == "refusal_proposed"


def test_the_whole_losss_stand_in_follows_the_amount_and_makes_way_for_transfers(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    assert amend(caller, world, claim, {"amount_fen": 900_000}).json["amount_fen"] == 900_000
    assert world.rows("SELECT line, told, amount_fen, place FROM transfers") == [(0, False, 900_000, "own")]
    assert amend(caller, world, claim, {"transfers": {"add": [transfer("R1")]}}).json["amount_fen"] == 500_000
    assert world.rows("SELECT line, told, amount_fen, place FROM transfers") == [(0, True, 500_000, "own")]


def test_what_came_back_follows_the_transfers_and_what_was_told_since_stays(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1", refunded=1_000))
    mobile = caller("mobile-backend")
    told = {"kind": "bank", "amount_fen": 20_000, "came_at": LOSS.isoformat()}
    assert mobile.post(f"/v1/claims/{claim.claim_id}/recoveries", told).status_code == 202
    assert world.claim(claim.claim_id).recovered_fen == 120_000
    right = {"transfers": {"correct": [{"line": 0, "transfer": transfer("R1", refunded_fen=30_000)}]}}
    amend(caller, world, claim, right)
    assert world.claim(claim.claim_id).recovered_fen == 50_000


def test_a_claim_that_was_with_a_person_stays_with_one_on_its_new_facts(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    assert world.decide(claim, by=champion(0.9)) == "review"
    assert amend(caller, world, claim, {"transfers": {"add": [transfer("R2", minutes=9)]}}).json["state"] == "filed"
    assert world.rows("SELECT round FROM reviews WHERE closed_at IS NULL") == []
    assert world.decide(claim, by=champion(0.01), claim_round=2) == "review"
    assert world.rows("SELECT why FROM decisions ORDER BY version") == [("score",), ("amended_in_review",)]
    assert world.rows("SELECT round FROM reviews WHERE closed_at IS NULL") == [(2,)]
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert world.rows("SELECT amount_fen FROM decisions WHERE by_person") == [(1_000_000,)]


def test_a_claim_that_waits_for_documents_is_decided_anew_with_them(world: World, caller: Callers) -> None:
    claim = world.file(world.covered(), evidence=())
    assert world.decide(claim) == "documents_requested"
    added = [evidence("police_receipt"), evidence("transfer_record")]
    body = {"evidence": [{"kind": each.kind, "sha256": each.sha256} for each in added]}
    assert amend(caller, world, claim, body).json["state"] == "filed"
    assert world.decide(claim, claim_round=2) == "approved"


def test_a_corrected_phone_does_not_end_the_waiting_for_what_was_asked(world: World, caller: Callers) -> None:
    claim = world.file(world.covered(), evidence=())
    assert world.decide(claim) == "documents_requested"
    due_at = world.claim(claim.claim_id).due_at
    assert amend(caller, world, claim, {"phone": "13900019999"}).json["state"] == "documents_requested"
    assert world.claim(claim.claim_id).due_at == due_at


def test_who_was_to_decide_a_case_still_is_when_its_claim_is_told_otherwise(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    assert world.decide(claim, by=champion(0.9)) == "review"
    path = f"/v1/reviews/{claim.claim_id}"
    assert caller("reviewer-li").post(f"{path}/escalations", {"reason": "复杂。"}).status_code == 201
    amend(caller, world, claim, {"transfers": {"add": [transfer("R2", minutes=9)]}})
    assert world.decide(claim, by=champion(0.9), claim_round=2) == "review"
    assert slug(caller("reviewer-wang").put(f"{path}/lease", None)) == "senior-decides"
    assert caller("director-chen").put(f"{path}/lease", None).status_code == 200
    assert world.review(claim.claim_id, "refuse", reviewer="director-chen", senior=True) == "refused"
    caller("mobile-backend").post(f"/v1/claims/{claim.claim_id}/appeals", {"reason": "请复核。"})
    world.decide(claim, claim_round=3)
    assert caller("reviewer-wang").put(f"{path}/lease", None).status_code == 200


def test_an_amended_claim_that_lacks_documents_stays_with_its_person(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    assert world.decide(claim, by=champion(0.9)) == "review"
    world.rows("UPDATE evidence SET kind = 'chat_record' RETURNING 1")
    amend(caller, world, claim, {"transfers": {"add": [transfer("R2", minutes=9)]}})
    assert world.decide(claim, claim_round=2) == "review"


def test_a_paper_of_the_police_is_corrected_and_its_word_counts(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    paper = {"kind": "receipt", "number": "A-17", "unit": "城东派出所", "issued_on": f"{LOSS:%Y-%m-%d}"}
    assert amend(caller, world, claim, {"police": {"add": [{**paper, "scam_type": "romance"}]}}).status_code == 202
    assert world.claim(claim.claim_id).scam_type == "romance"
    right = {"police": {"correct": [{"line": 0, "paper": {**paper, "number": "A-18", "scam_type": None}}]}}
    assert amend(caller, world, claim, right).status_code == 202
    assert world.claim(claim.claim_id).scam_type == "fake_customer_service"
    assert before(world, claim)[1]["police"][0]["number"] == "A-17"


def test_all_that_would_contradict_itself_is_said_at_once_and_nothing_is_changed(world: World, caller: Callers) -> None:
    claim = of_transfers(world, world.covered(), paid("R1"))
    reply = amend(
        caller,
        world,
        claim,
        {
            "amount_fen": 1,
            "phone": "12",
            "occurred_at": (LOSS + timedelta(minutes=1)).isoformat(),
            "transfers": {"add": [transfer("R1", minutes=-5)], "remove": [7]},
        },
    )
    assert reply.status_code == 422
    assert [each["pointer"] for each in reply.json["errors"]] == [
        "/occurred_at",
        "/transfers/remove/0",
        "/transfers/add/0/occurred_at",
        "/transfers",
        "/amount_fen",
        "/phone",
    ]
    assert world.claim(claim.claim_id).version == claim.version
    nothing = amend(caller, world, claim, {})
    assert (nothing.status_code, nothing.json["detail"]) == (
        422,
        "Nothing is amended. Send what is to be added or corrected.",
    )
    gone = amend(caller, world, claim, {"transfers": {"remove": [0]}})
    assert gone.json["errors"][0]["pointer"] == "/transfers/remove"


def test_who_amends_what_changed_meanwhile_is_told_so(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    assert amend(caller, world, claim, {"amount_fen": 900_000}).status_code == 202
    assert slug(amend(caller, world, claim, {"amount_fen": 800_000}, version=claim.version)) == "version-mismatch"
    assert slug(amend(caller, world, claim, {"amount_fen": 800_000}, version=None)) == "match-missing"


@pytest.mark.parametrize(("outcome", "instead"), [("approved", "File a new claim"), ("refused", "Appeal the refusal")])
def test_what_was_decided_is_amended_no_more_and_the_way_on_is_said(
    world: World, caller: Callers, outcome: str, instead: str
) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9 if outcome == "refused" else 0.05))
    if outcome == "refused":
        world.review(claim.claim_id, "refuse")
    reply = amend(caller, world, claim, {"amount_fen": 1_000})
    assert (reply.status_code, slug(reply)) == (409, "amended-too-late")
    assert instead in reply.json["detail"]


def test_an_appeal_rests_on_what_was_refused(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    caller("mobile-backend").post(f"/v1/claims/{claim.claim_id}/appeals", {"reason": "请复核。"})
    assert slug(amend(caller, world, claim, {"amount_fen": 1_000})) == "amended-too-late"
    assert world.decide(claim, claim_round=2) == "review"
    assert slug(amend(caller, world, claim, {"amount_fen": 1_000})) == "amended-too-late"


def test_a_claim_that_waits_for_its_policy_waits_on_with_its_new_facts(world: World, caller: Callers) -> None:
    claim = world.file(world.person())
    assert amend(caller, world, claim, {"amount_fen": 900_000}).json["state"] == "waiting_for_policy"
    world.run_timers(NOW + timedelta(days=4))
    assert amend(caller, world, claim, {"amount_fen": 800_000}).json["state"] == "in_review"
    assert world.rows("SELECT count(*) FROM reviews WHERE closed_at IS NULL") == [(1,)]


def test_a_claim_whose_policys_terms_never_came_stays_with_its_person_when_it_is_amended(
    world: World, caller: Callers
) -> None:
    person = world.person()
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
    claim = world.file(person)
    world.run_timers(NOW + timedelta(days=4))
    assert amend(caller, world, claim, {"amount_fen": 800_000}).json["state"] == "in_review"
    assert world.rows("SELECT count(*) FROM reviews WHERE closed_at IS NULL") == [(1,)]
    assert world.events("claims.submitted") == []


def test_of_an_erased_person_nothing_is_amended_and_the_old_values_go(world: World, caller: Callers) -> None:
    person = world.covered()
    claim = world.file(person)
    amend(caller, world, claim, {"amount_fen": 900_000})
    with world.database.transaction() as tx:
        erase(tx, [person.policy_id], erased_at=NOW)
    assert slug(amend(caller, world, claim, {"amount_fen": 800_000})) == "policy-erased"
    assert world.rows("SELECT before FROM claim_amendments WHERE before <> ''") == []


def test_a_reviewer_sees_what_was_amended(world: World, caller: Callers) -> None:
    claim = world.file(world.covered())
    amend(caller, world, claim, {"amount_fen": 900_000})
    world.decide(claim, by=champion(0.9))
    case = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json
    (shown,) = case["amendments"]
    assert (shown["fields"], shown["amount_before_fen"], shown["amount_after_fen"]) == (
        ["amount_fen"],
        1_440_000,
        900_000,
    )
    trace = caller("reviewer-li").get(f"/v1/claims/{ClaimId(claim.claim_id)}/trace").json
    assert "amended" in {each["what"] for each in trace["happened"]}
