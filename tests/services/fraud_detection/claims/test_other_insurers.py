"""Claims of losses that other insurers cover too, on a real PostgreSQL and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from services.fraud_detection.claims.domain.claims import Claim, OtherCover
from services.fraud_detection.claims.store.erasure import overwrite
from services.fraud_detection.claims.store.recoveries import RecoveryKind
from services.fraud_detection.erasure.store.integrity import INVARIANTS
from services.fraud_detection.erasure.usecases.erase_policies import erase
from services.fraud_detection.filing.usecases.change_claim import CameBack, tell_recovery
from shared.process.new_ids import new_id
from shared.values.money import Fen
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, claim_body
from tests.services.fraud_detection.claims.test_life_of_a_claim import PAYABLE, TENANT, payout
from tests.services.fraud_detection.filing.test_amendments import amend, before
from tests.services.fraud_detection.test_http import slug

Callers = Callable[[str], Caller]

HALF: Final = (OtherCover(insurer="平安财险", sum_insured_fen=Fen(5_000_000)),)
"""As much as the usual product insures: each bears half of 14,400 yuan."""
TOLD: Final = {"insurer": "平安财险", "sum_insured_fen": 5_000_000}


def filed(world: World, terms: str = "pro_rata", **changes: Any) -> Claim:
    return world.file(world.covered(other_insurance=terms), **{"other_covers": HALF, **changes})


def approved(world: World, **changes: Any) -> Claim:
    claim = filed(world, **changes)
    assert world.decide(claim) == "approved"
    return world.claim(claim.claim_id)


def told_back(world: World, claim: Claim, fen: int, kind: RecoveryKind = "other_insurance") -> None:
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, CameBack(kind, Fen(fen), PAYABLE), tenant=TENANT, now=PAYABLE)


def amounts(world: World) -> list[int]:
    return [each["amount_fen"] for each in world.events("claims.decided")]


def returned(world: World) -> list[tuple[int, int]]:
    """Of each that was settled what came back, and what of it is the insurer's."""
    return [(each["amount_fen"], each["insurers_fen"]) for each in world.events("claims.recovered")]


def test_the_loss_is_shared_and_everybody_reads_how(world: World, caller: Callers) -> None:
    claim = approved(world)
    assert amounts(world) == [720_000]
    shown = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json
    assert shown["other_covers"] == [{**TOLD, "paid_fen": 0}]
    first, second = shown["decision"]["reasons"]
    assert (first["code"], second["code"]) == ("approved", "shared_with_insurers")
    assert "合计 100,000.00 元，其中本保单 50,000.00 元" in second["text_zh"]
    assert "50,000.00 yuan of the 100,000.00 yuan" in second["text_en"]
    explained = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}/explanation").json
    assert "按保险金额的比例分摊" in explained["zh"]
    assert [each["en"] for each in explained["used"] if "insurers" in each["en"]] != []


def test_a_reviewer_sees_the_covers_and_previews_the_share(world: World, caller: Callers) -> None:
    claim = filed(world)
    assert world.decide(claim, by=champion(0.9)) == "review"
    path = f"/v1/reviews/{claim.claim_id}"
    assert caller("reviewer-li").get(path).json["claim"]["other_covers"] == [{**TOLD, "paid_fen": 0}]
    shown = caller("reviewer-li").post(f"{path}/previews", {"refused": []}).json
    assert {name: shown[name] for name in ("loss_fen", "unpaid_fen", "share_part", "share_whole", "amount_fen")} == {
        "loss_fen": 1_440_000,
        "unpaid_fen": 1_440_000,
        "share_part": 5_000_000,
        "share_whole": 10_000_000,
        "amount_fen": 720_000,
    }
    assert shown["insured_elsewhere_fen"] == 5_000_000
    traced = caller("reviewer-li").get(f"/v1/claims/{claim.claim_id}/trace").json
    (happened,) = [each for each in traced["happened"] if each["what"] == "loss_happened"]
    assert happened["details"]["insured_elsewhere_fen"] == 5_000_000
    assert "平安" not in json.dumps(traced, ensure_ascii=False)


def test_the_previews_formula_gives_the_amount_where_the_deductible_is_shared(world: World, caller: Callers) -> None:
    person = world.covered(other_insurance="pro_rata", annual_deductible_fen=1_000_000, event_deductible_fen=40_000)
    claim = world.file(person, other_covers=HALF)
    assert world.decide(claim, by=champion(0.9)) == "review"
    shown = caller("reviewer-li").post(f"/v1/reviews/{claim.claim_id}/previews", {"refused": []}).json
    left = shown["loss_fen"] - shown["refused_fen"] - shown["event_deductible_fen"] - shown["deductible_fen"]
    of_share = left * shown["pay_percent"] * shown["share_part"] // (100 * shown["share_whole"])
    assert (shown["deductible_fen"], of_share, shown["amount_fen"]) == (1_000_000, 200_000, 200_000)
    world.review(claim.claim_id, "approve")
    assert world.rows("SELECT deductible_fen FROM limit_use") == [(500_000,)]


def test_a_product_that_takes_off_what_others_pay_shares_nothing(world: World, caller: Callers) -> None:
    paid = (OtherCover(insurer="平安财险", sum_insured_fen=Fen(5_000_000), paid_fen=Fen(440_000)),)
    claim = filed(world, "deducted", other_covers=paid, other_insurance_fen=None)
    assert world.decide(claim) == "approved"
    assert amounts(world) == [1_000_000]
    shown = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json
    assert [each["code"] for each in shown["decision"]["reasons"]] == ["approved"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"other_covers": [{**TOLD, "paid_fen": 5}], "other_insurance_fen": 6}, "/other_insurance_fen"),
        ({"other_covers": [{**TOLD, "insurer": "张三 13812345678"}]}, "/other_covers/0/insurer"),
        ({"other_covers": [{**TOLD, "insurer": "110101199001011234"}]}, "/other_covers/0/insurer"),
        ({"other_covers": [{**TOLD, "sum_insured_fen": 0}]}, "/other_covers/0/sum_insured_fen"),
        ({"other_covers": [TOLD, {**TOLD, "paid_fen": 5_000_001}]}, "/other_covers/1/paid_fen"),
        ({"other_covers": [TOLD] * 11}, "/other_covers"),
    ],
    ids=["another sum", "a phone", "an identity number", "no sum insured", "more paid than insured", "too many"],
)
def test_covers_that_cannot_be_are_refused_with_their_field(
    world: World, caller: Callers, changes: dict[str, Any], pointer: str
) -> None:
    reply = caller("mobile-backend").post("/v1/claims", claim_body(world.covered(), **changes))
    assert reply.status_code == 422
    (fault,) = reply.json["errors"]
    assert (fault["pointer"], bool(fault["fix"])) == (pointer, True)


def test_what_others_paid_is_the_sum_of_their_covers(world: World, caller: Callers) -> None:
    body = claim_body(world.covered(), other_covers=[{**TOLD, "paid_fen": 5}, {**TOLD, "paid_fen": 7}])
    assert caller("mobile-backend").post("/v1/claims", body).status_code == 202
    told_too = claim_body(world.covered(), other_covers=[{**TOLD, "paid_fen": 5}], other_insurance_fen=5)
    assert caller("mobile-backend").post("/v1/claims", told_too).status_code == 202
    assert world.rows("SELECT other_insurance_fen FROM claims ORDER BY 1") == [(5,), (12,)]


def test_a_draft_tells_covers_as_a_claim_does(world: World, caller: Callers) -> None:
    mobile = caller("mobile-backend")
    body = claim_body(world.covered(other_insurance="pro_rata"))
    draft = mobile.post("/v1/claim-drafts", {**body, "other_covers": [{"insurer": "平安财险"}]}).json
    assert [each["pointer"] for each in draft["missing"]] == ["/other_covers/0/sum_insured_fen"]
    path = f"/v1/claim-drafts/{draft['draft_id']}"
    changed = {"other_covers": [{**TOLD, "paid_fen": 9}], "other_insurance_fen": 8}
    found = mobile.patch(path, changed, version=1).json
    assert [each["pointer"] for each in found["faults"]] == ["/other_insurance_fen"]
    too_much = {"other_covers": [{**TOLD, "paid_fen": 5_000_001}], "other_insurance_fen": None}
    found = mobile.patch(path, too_much, version=2).json
    assert [each["pointer"] for each in found["faults"]] == ["/other_covers/0/paid_fen"]
    assert mobile.patch(path, {"other_covers": changed["other_covers"]}, version=3).json["complete"]
    assert mobile.post(f"{path}/submission", {}).json["other_covers"] == [{**TOLD, "paid_fen": 9}]


def test_covers_that_are_told_late_are_amended_before_the_decision(world: World, caller: Callers) -> None:
    claim = filed(world, other_covers=())
    told_back(world, claim, 100_000)
    assert world.claim(claim.claim_id).recovered_fen == 100_000
    reply = amend(caller, world, claim, {"other_covers": [{**TOLD, "paid_fen": 50_000}]})
    assert (reply.status_code, reply.json["other_covers"]) == (202, [{**TOLD, "paid_fen": 50_000}])
    now = world.claim(claim.claim_id)
    assert (now.recovered_fen, now.other_insurance_fen) == (0, 150_000)
    assert world.decide(claim) == "approved"
    assert amounts(world) == [720_000]
    assert before(world, claim) == [{"other_covers": [], "other_insurance_fen": 0}]


def test_what_was_told_without_covers_stays_where_none_come_and_none_come_that_paid_less(
    world: World, caller: Callers
) -> None:
    claim = filed(world, other_covers=(), other_insurance_fen=Fen(500_000))
    assert amend(caller, world, claim, {"other_covers": []}).status_code == 202
    for paid, pointer in ((499_999, "/other_covers"), (5_000_001, "/other_covers/0/paid_fen")):
        reply = amend(caller, world, claim, {"other_covers": [{**TOLD, "paid_fen": paid}]})
        assert (reply.status_code, [each["pointer"] for each in reply.json["errors"]]) == (422, [pointer])
    assert before(world, claim) == [{"other_covers": [], "other_insurance_fen": 500_000}]
    assert world.decide(claim) == "approved"
    assert amounts(world) == [940_000]


def test_covers_that_are_no_more_leave_what_was_told_since_as_come_back(world: World, caller: Callers) -> None:
    claim = filed(world)
    told_back(world, claim, 100_000)
    assert world.claim(claim.claim_id).other_insurance_fen == 100_000
    assert amend(caller, world, claim, {"other_covers": []}).json["other_covers"] == []
    now = world.claim(claim.claim_id)
    assert (now.recovered_fen, now.other_insurance_fen) == (100_000, 0)
    assert before(world, claim)[0]["other_covers"][0]["insurer"] == "平安财险"


@pytest.mark.parametrize(("paid", "anew"), [(720_000, 720_000), (1_000_000, 440_000)], ids=["its part", "more"])
def test_what_another_insurer_pays_before_us_lessens_only_what_is_left_of_the_loss(
    world: World, paid: int, anew: int
) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    told_back(world, claim, paid)
    assert world.claim(claim.claim_id).state == "stopping"
    payout(world, claim, "rejected", payout_id=first, version=2)
    assert world.decide(world.claim(claim.claim_id), claim_round=2, now=PAYABLE) == "approved"
    assert amounts(world) == [720_000, anew]


def test_what_another_insurer_pays_after_us_is_ours_beyond_the_loss_alone(world: World) -> None:
    claim = approved(world)
    payout(world, claim, "paid", payout_id=new_id(), version=3)
    told_back(world, claim, 500_000)
    assert (world.claim(claim.claim_id).state, returned(world)) == ("paid", [])
    told_back(world, claim, 300_000)
    assert world.claim(claim.claim_id).state == "recovered"
    assert returned(world) == [(300_000, 80_000)]
    told_back(world, claim, 10_000, "police")
    told_back(world, claim, 640_000)
    assert returned(world)[1:] == [(10_000, 10_000), (640_000, 630_000)]


def test_where_what_others_pay_is_taken_off_all_of_it_comes_back_to_us(world: World) -> None:
    claim = filed(world, "deducted")
    assert world.decide(claim) == "approved"
    payout(world, claim, "paid", payout_id=new_id(), version=3)
    told_back(world, claim, 500_000)
    assert (world.claim(claim.claim_id).state, returned(world)) == ("recovered", [(500_000, 500_000)])


def test_a_payment_that_could_not_be_stopped_keeps_its_part(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    told_back(world, claim, 720_000)
    payout(world, claim, "paid", payout_id=first, version=3)
    assert (world.claim(claim.claim_id).state, returned(world)) == ("paid", [])


def test_no_more_is_paid_elsewhere_than_was_lost(world: World, caller: Callers) -> None:
    claim = filed(world)
    told_back(world, claim, 1_440_000)
    body = {"kind": "other_insurance", "amount_fen": 1, "came_at": NOW.isoformat()}
    reply = caller("mobile-backend").post(f"/v1/claims/{claim.claim_id}/recoveries", body)
    assert (reply.status_code, reply.json["errors"][0]["pointer"]) == (422, "/amount_fen")
    assert world.decide(world.claim(claim.claim_id)) == "refusal_proposed"


def test_of_an_erased_person_the_insurers_names_go_and_the_sums_stay(world: World, caller: Callers) -> None:
    claim = filed(world)
    amend(caller, world, claim, {"other_covers": [TOLD, {**TOLD, "insurer": "太平洋"}]})
    with world.database.transaction() as tx:
        erase(tx, [claim.policy_id], erased_at=NOW)
        assert [fault for each in INVARIANTS for fault in each.find(tx)] == []
    covers = world.claim(claim.claim_id).other_covers
    assert [(each.insurer, each.sum_insured_fen) for each in covers] == [("", 5_000_000)] * 2
    assert world.rows("SELECT before FROM claim_amendments WHERE before <> ''") == []
    left = json.dumps([{"insurer": "x", "sum_insured_fen": 1, "paid_fen": 0}])
    with world.database.transaction() as tx:
        tx.execute("UPDATE claims SET other_covers = %s", (left,))
        assert [fault for each in INVARIANTS for fault in each.find(tx)] != []
        overwrite(tx, [claim.policy_id])
    assert [each.insurer for each in world.claim(claim.claim_id).other_covers] == [""]


def test_after_the_decision_covers_are_amended_no_more(world: World, caller: Callers) -> None:
    assert slug(amend(caller, world, approved(world), {"other_covers": []})) == "amended-too-late"
