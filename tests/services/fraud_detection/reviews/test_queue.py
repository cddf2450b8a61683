"""The review queue: the next case in one press, held by one person at a time; filters, notes, handing on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import HeldByAnother, NothingWaits
from services.fraud_detection.reviews.usecases.hold_case import HELD_FOR, give_back, take, take_next
from services.fraud_detection.reviews.usecases.name_event import name_event
from shared.values.ids import ClaimId
from tests import clock
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, evidence, refusal

Callers = Callable[[str], Caller]


def waiting(world: World, amount_yuan: int = 14_400, **changes: Any) -> ClaimId:
    claim = world.file(world.covered(), amount_fen=amount_yuan * 100, **changes)
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def next_of(world: World, reviewer: str, *, now: datetime = NOW, senior: bool = False) -> ClaimId:
    with world.database.transaction() as tx:
        return take_next(tx, reviewer, senior=senior, now=now)[0].claim_id


def slug(reply: Any) -> str:
    return str(reply.json["type"]).rpartition("/")[2]


def test_the_case_with_most_points_comes_first_and_each_person_gets_another(world: World) -> None:
    small, large = waiting(world, 500), waiting(world, 40_000)
    assert next_of(world, "reviewer-li") == large
    assert next_of(world, "reviewer-wang") == small
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-zhao")


def test_of_people_who_press_at_one_moment_each_gets_a_case_of_their_own(world: World) -> None:
    cases = {waiting(world) for _ in range(4)}
    together = threading.Barrier(6)

    def press(number: int) -> ClaimId | None:
        together.wait()
        try:
            return next_of(world, f"reviewer-{number}")
        except NothingWaits:
            return None

    with ThreadPoolExecutor(6) as pool:
        given = [each for each in pool.map(press, range(6)) if each is not None]
    assert sorted(given) == sorted(cases)


def test_a_certain_case_that_two_take_at_one_moment_is_held_by_one(world: World) -> None:
    claim_id = waiting(world)
    together = threading.Barrier(4)

    def press(number: int) -> str | None:
        together.wait()
        try:
            with world.database.transaction() as tx:
                return take(tx, claim_id, f"reviewer-{number}", senior=False, now=NOW).held_by
        except HeldByAnother:
            return None

    with ThreadPoolExecutor(4) as pool:
        (holder,) = [each for each in pool.map(press, range(4)) if each is not None]
    assert world.rows("SELECT held_by FROM review_leases") == [(holder,)]


def test_what_expired_is_given_to_the_next_who_asks(world: World) -> None:
    claim_id = waiting(world)
    assert next_of(world, "reviewer-li") == claim_id
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-wang", now=NOW + HELD_FOR - timedelta(seconds=1))
    assert next_of(world, "reviewer-wang", now=NOW + HELD_FOR) == claim_id


def test_acting_on_a_case_keeps_it(world: World) -> None:
    claim_id = waiting(world)
    next_of(world, "reviewer-li")
    later = NOW + timedelta(minutes=20)
    with world.database.transaction() as tx:
        name_event(tx, claim_id, "INC-1", reviewer="reviewer-li", require_match=lambda _: None, now=later)
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-wang", now=NOW + HELD_FOR)
    assert next_of(world, "reviewer-wang", now=later + HELD_FOR) == claim_id


def test_another_person_does_not_decide_what_one_holds_and_is_told_until_when(world: World, caller: Callers) -> None:
    claim_id, li, wang = waiting(world), caller("reviewer-li"), caller("reviewer-wang")
    taken = li.post("/v1/reviews/next", {})
    assert taken.status_code == 201, taken.text
    assert (taken.json["claim_id"], taken.json["lease"]["held_by"]) == (claim_id, "reviewer-li")
    assert taken.json["case"]["claim"]["claim_id"] == claim_id
    path, match = f"/v1/reviews/{claim_id}/decisions", {"If-Match": taken.headers["ETag"]}
    refused = wang.post(path, refusal(), headers=match)
    assert (refused.status_code, slug(refused)) == (409, "held-by-another")
    until = datetime.fromisoformat(taken.json["lease"]["expires_at"])
    assert str(until.year) in refused.json["detail"]
    assert f"{until:%H:%M}" in refused.json["detail"]
    assert li.post(path, refusal(), headers=match).status_code == 201
    assert world.rows("SELECT count(*) FROM review_leases") == [(0,)]


def test_a_decision_after_the_lease_expired_stands_unless_the_claim_changed(world: World) -> None:
    """Nothing is lost: the version guards, whoever holds what."""
    claim_id = waiting(world)
    next_of(world, "reviewer-li")
    assert world.review(claim_id, "refuse", now=NOW + 2 * HELD_FOR) == "refused"


def test_a_case_whose_lease_ends_under_its_holder_is_decided_by_one_of_two_and_once(
    world: World, caller: Callers
) -> None:
    """The holder decides at the moment at which another takes the case and decides: nobody's act is lost or doubled."""
    claim_id, li, wang = waiting(world), caller("reviewer-li"), caller("reviewer-wang")
    match = {"If-Match": li.post("/v1/reviews/next", {}).headers["ETag"]}
    with world.database.transaction() as tx:
        tx.execute("UPDATE review_leases SET expires_at = %s", (clock.now() - timedelta(seconds=1),))
    together = threading.Barrier(2)

    def decide(reviewer: Caller, *, takes: bool) -> tuple[int, str]:
        together.wait()
        if takes:
            reviewer.put(f"/v1/reviews/{claim_id}/lease", None)
        reply = reviewer.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers=match)
        return reply.status_code, "" if reply.status_code == 201 else slug(reply)

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(decide, li, takes=False), pool.submit(decide, wang, takes=True)]
        outcomes = [each.result() for each in ends]
    first, second = sorted(outcomes)
    assert first == (201, "")
    assert second[1] in {"held-by-another", "no-open-review", "version-mismatch"}
    decided = world.rows("SELECT decided_by FROM decisions WHERE outcome = 'refused'")
    assert decided == [("reviewer-li" if outcomes[0][0] == 201 else "reviewer-wang",)]
    assert world.rows("SELECT count(*) FROM audit_log WHERE action = 'claim.refused'") == [(1,)]
    assert world.rows("SELECT count(*) FROM review_leases") == [(0,)]


def test_nobody_is_given_the_appeal_of_what_they_decided(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    assert world.review(claim_id, "refuse") == "refused"
    appeal = caller("mobile-backend").post(f"/v1/claims/{claim_id}/appeals", {"reason": "我没有参与。"})
    assert appeal.status_code == 202
    assert world.decide(world.claim(claim_id), claim_round=2) == "review"
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-li")
    taken = caller("reviewer-li").put(f"/v1/reviews/{claim_id}/lease", None)
    assert (taken.status_code, slug(taken)) == (403, "another-person-decides")
    assert next_of(world, "reviewer-wang") == claim_id


def test_a_case_is_given_back_by_its_holder_or_a_senior_person(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li, wang, senior = caller("reviewer-li"), caller("reviewer-wang"), caller("director-chen")
    path = f"/v1/reviews/{claim_id}/lease"
    assert li.put(path, None).json["held_by"] == "reviewer-li"
    assert slug(wang.put(path, None)) == slug(wang.delete(path)) == "held-by-another"
    assert li.delete(path).status_code == 204
    assert wang.put(path, None).status_code == 200
    assert senior.delete(path).status_code == 204
    assert li.delete(path).status_code == 204
    assert next_of(world, "reviewer-li") == claim_id


def test_what_is_handed_on_only_a_senior_person_takes_and_decides(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li, senior = caller("reviewer-li"), caller("director-chen")
    li.put(f"/v1/reviews/{claim_id}/lease", None)
    path = f"/v1/reviews/{claim_id}/escalations"
    handed = li.post(path, {"reason": "与平台有关的争议。"})
    assert (handed.status_code, handed.json["reason"]) == (201, "与平台有关的争议。")
    assert slug(li.post(path, {"reason": "再次。"})) == "escalated-before"
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-wang")
    decision = li.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers={"If-Match": '"2"'})
    assert (decision.status_code, slug(decision)) == (403, "senior-decides")
    assert slug(li.put(f"/v1/reviews/{claim_id}/lease", None)) == "senior-decides"
    (item,) = li.get("/v1/reviews").json["items"]
    assert (item["escalated"], item["lease"]) == (True, None)
    taken = senior.post("/v1/reviews/next", {})
    assert taken.json["case"]["escalation"]["reason"] == "与平台有关的争议。"
    decided = senior.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers={"If-Match": taken.headers["ETag"]})
    assert decided.status_code == 201


def test_a_senior_person_takes_back_that_a_case_was_handed_on_and_any_other_reviewer_decides_it(
    world: World, caller: Callers
) -> None:
    claim_id = waiting(world)
    li, wang, senior = (caller(each) for each in ("reviewer-li", "reviewer-wang", "director-chen"))
    path = f"/v1/reviews/{claim_id}/escalation"
    assert slug(senior.delete(path)) == "not-escalated"
    assert li.post(f"{path}s", {"reason": "与平台有关的争议。"}).status_code == 201
    assert slug(li.delete(path)) == "scope-missing"
    assert senior.delete(path).status_code == 204
    assert slug(senior.delete(path)) == "not-escalated"
    assert wang.get(f"/v1/reviews/{claim_id}").json["escalation"] is None
    assert next_of(world, "reviewer-wang") == claim_id
    decided = wang.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers={"If-Match": '"2"'})
    assert decided.status_code == 201
    said = world.rows("SELECT actor FROM audit_log WHERE action = 'claim.escalation_taken_back'")
    assert said == [("director-chen",)]


def test_notes_are_sealed_and_stand_in_the_case(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li = caller("reviewer-li")
    path = f"/v1/reviews/{claim_id}/notes"
    assert li.post(path, {"note": "电话里说法不一。"}).status_code == 201
    caller("reviewer-wang").post(path, {"note": "已核对转账记录。"})
    shown = li.get(f"/v1/reviews/{claim_id}").json["notes"]
    assert [(each["written_by"], each["note"]) for each in shown] == [
        ("reviewer-li", "电话里说法不一。"),
        ("reviewer-wang", "已核对转账记录。"),
    ]
    assert "电话里说法不一。".encode().hex() not in str(world.rows("SELECT review_notes::text FROM review_notes"))
    numbered = li.post(path, {"note": "电话 13812345678 无人接听。"})
    assert [each["pointer"] for each in numbered.json["errors"]] == ["/note"]
    resident = caller("mobile-backend").get(f"/v1/claims/{claim_id}")
    assert "说法不一" not in resident.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=review", {"small", "large"}),
        ("kind=refusal_proposed", {"outside"}),
        ("why=score", {"small", "large"}),
        ("why=amount", set()),
        ("liability=fraud_loss", {"small", "large", "outside"}),
        ("liability=ransom", set()),
        ("amount_from_fen=100000", {"large", "outside"}),
        ("amount_to_fen=99999", {"small"}),
        ("amount_from_fen=50000&amount_to_fen=50000", {"small"}),
        ("older_than_days=3", {"outside"}),
        ("mine=true", {"large"}),
        ("state=closed", set()),
    ],
)
def test_the_queue_is_filtered(world: World, caller: Callers, query: str, found: set[str]) -> None:
    outside: Claim = world.file(world.covered(), scam_type="illegal_online")
    assert world.decide(outside) == "refusal_proposed"
    cases = {"small": waiting(world, 500), "large": waiting(world, 2_000), "outside": outside.claim_id}
    # By the application's clock, what waits shall do so since a while.
    for days, kind in ((1, "review"), (4, "refusal_proposed")):
        since = clock.now() - timedelta(days=days)
        world.rows(f"UPDATE reviews SET waiting_since = '{since.isoformat()}' WHERE kind = '{kind}' RETURNING 1")
    li = caller("reviewer-li")
    assert li.put(f"/v1/reviews/{cases['large']}/lease", None).status_code == 200
    names = {claim_id: name for name, claim_id in cases.items()}
    reply = li.get(f"/v1/reviews?{query}")
    assert reply.status_code == 200, reply.text
    assert {names[item["claim_id"]] for item in reply.json["items"]} == found


def test_giving_back_what_nobody_holds_changes_nothing(world: World) -> None:
    claim_id = waiting(world)
    with world.database.transaction() as tx:
        give_back(tx, claim_id, "reviewer-li", senior=False, now=NOW)
    assert next_of(world, "reviewer-li") == claim_id


def test_a_last_appeal_is_given_to_a_senior_person_alone(world: World, caller: Callers) -> None:
    claim_id, mobile = waiting(world), caller("mobile-backend")
    for number, reviewer in enumerate(("reviewer-li", "reviewer-wang"), start=2):
        assert world.review(claim_id, "refuse", reviewer=reviewer) == "refused"
        assert mobile.post(f"/v1/claims/{claim_id}/appeals", {"reason": "我没有参与。"}).status_code == 202
        assert world.decide(world.claim(claim_id), claim_round=number) == "review"
    with pytest.raises(NothingWaits):
        next_of(world, "reviewer-zhao")
    assert next_of(world, "director-chen", senior=True) == claim_id


def test_who_asked_for_documents_is_given_the_case_again_and_nobody_else_asks_while_it_is_held(
    world: World, caller: Callers
) -> None:
    claim_id, li, wang = waiting(world), caller("reviewer-li"), caller("reviewer-wang")
    li.put(f"/v1/reviews/{claim_id}/lease", None)
    path, asked = f"/v1/reviews/{claim_id}/requests", {"kinds": ["police_receipt"]}
    match = {"If-Match": li.get(f"/v1/reviews/{claim_id}").headers["ETag"]}
    assert slug(wang.post(path, asked, headers=match)) == "held-by-another"
    assert li.post(path, asked, headers=match).status_code == 201
    shown = caller("mobile-backend").get(f"/v1/claims/{claim_id}").json
    assert shown["state"] == "waiting_for_police"
    assert "报警回执" in shown["status"]["missing"][0]["text_zh"]
    assert world.rows("SELECT count(*) FROM review_leases") == [(0,)]
    with world.database.transaction() as tx:
        add_documents(tx, claim_id, [evidence("police_receipt")], tenant="mobile-backend", now=NOW)
    assert world.decide(world.claim(claim_id), claim_round=2, by=champion(0.9)) == "review"
    assert next_of(world, "reviewer-li") == claim_id
