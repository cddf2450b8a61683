"""A senior person hands a case to a reviewer by name: then it is theirs alone, for three days at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.reviews.domain.assigning import ASSIGNED_FOR
from services.fraud_detection.reviews.domain.errors import AssignedToAnother, NothingWaits
from services.fraud_detection.reviews.usecases.assign_case import assign
from services.fraud_detection.reviews.usecases.hold_case import take_next
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId
from tests import clock
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, refusal

Callers = Callable[[str], Caller]


def waiting(world: World, amount_yuan: int = 14_400) -> ClaimId:
    claim = world.file(world.covered(), amount_fen=amount_yuan * 100)
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def known(world: World, *reviewers: str, senior: bool = False) -> None:
    """Each pressed for a case once and gave it back."""
    claim_id = waiting(world, 100)
    for reviewer in reviewers:
        with world.database.transaction() as tx:
            assert take_next(tx, reviewer, senior=senior, now=NOW)[0].claim_id
        world.rows_gone("review_leases")
    assert world.review(claim_id, "refuse", reviewer="reviewer-sun") == "refused"


def slug(reply: Any) -> str:
    return str(reply.json["type"]).rpartition("/")[2]


def hand(world: World, claim_id: ClaimId, to: str, *, now: datetime | None = None) -> None:
    at = now or clock.now()
    with world.database.transaction() as tx:
        assign(tx, claim_id, to, None, assigned_by="director-chen", personal_data=world.personal_data, now=at)


def fault(world: World, claim_id: ClaimId, to: str) -> str:
    with pytest.raises(InvalidFields) as refused:
        hand(world, claim_id, to)
    ((pointer, detail),) = [(each.pointer, each.detail) for each in refused.value.faults]
    assert pointer == "/reviewer"
    return detail


def test_a_case_by_name_is_that_persons_alone(world: World, caller: Callers) -> None:
    known(world, "reviewer-wang")
    claim_id = waiting(world)
    li, wang, senior = (caller(each) for each in ("reviewer-li", "reviewer-wang", "director-chen"))
    assert li.put(f"/v1/reviews/{claim_id}/lease", None).status_code == 200
    body = {"reviewer": "reviewer-wang", "note": "请与上一案一并审核。"}
    handed = senior.put(f"/v1/reviews/{claim_id}/assignment", body)
    assert (handed.status_code, handed.json["assigned_to"]) == (200, "reviewer-wang"), handed.text
    shown = li.get(f"/v1/reviews/{claim_id}")
    assert (shown.json["lease"], shown.json["assignment"]["assigned_by"]) == (None, "director-chen")
    assert [each["note"] for each in shown.json["notes"]] == ["请与上一案一并审核。"]
    match = {"If-Match": shown.headers["ETag"]}
    path = f"/v1/reviews/{claim_id}"
    for reply in (
        li.put(f"{path}/lease", None),
        li.delete(f"{path}/lease"),
        li.post(f"{path}/decisions", refusal(), headers=match),
        li.post(f"{path}/requests", {"kinds": ["police_receipt"]}, headers=match),
        li.post(f"{path}/escalations", {"reason": "复杂。"}),
    ):
        assert (reply.status_code, slug(reply)) == (409, "assigned-to-another")
        assert "reviewer-wang" in reply.json["detail"]
    with pytest.raises(NothingWaits), world.database.transaction() as tx:
        take_next(tx, "reviewer-li", senior=True, now=NOW)
    assert wang.post(f"{path}/decisions", refusal(), headers=match).status_code == 201
    (row,) = world.rows("SELECT actor, subject, details::jsonb FROM audit_log WHERE action = 'claim.assigned'")
    assert row == ("director-chen", claim_id, {"to": "reviewer-wang", "before": None})


def test_only_a_senior_person_hands_a_case_to_another(world: World, caller: Callers) -> None:
    reply = caller("reviewer-li").put(f"/v1/reviews/{waiting(world)}/assignment", {"reviewer": "reviewer-li"})
    assert (reply.status_code, slug(reply)) == (403, "scope-missing")


def test_what_was_assigned_comes_before_all_else_and_is_mine(world: World, caller: Callers) -> None:
    known(world, "reviewer-wang")
    small, _large = waiting(world, 500), waiting(world, 40_000)
    hand(world, small, "reviewer-wang")
    wang = caller("reviewer-wang")
    (mine,) = wang.get("/v1/reviews?mine=true").json["items"]
    assert (mine["claim_id"], mine["assigned_to"], mine["lease"]) == (small, "reviewer-wang", None)
    assert caller("reviewer-li").get("/v1/reviews?mine=true").json["items"] == []
    assert wang.post("/v1/reviews/next", {}).json["claim_id"] == small
    assert [each["claim_id"] for each in wang.get("/v1/reviews?mine=true").json["items"]] == [small]


def test_after_three_days_anybody_takes_it(world: World) -> None:
    known(world, "reviewer-wang")
    claim_id = waiting(world)
    hand(world, claim_id, "reviewer-wang", now=NOW)
    with pytest.raises(NothingWaits), world.database.transaction() as tx:
        take_next(tx, "reviewer-li", senior=False, now=NOW + ASSIGNED_FOR - timedelta(seconds=1))
    with pytest.raises(AssignedToAnother):
        world.review(claim_id, "refuse")
    with world.database.transaction() as tx:
        taken, _ = take_next(tx, "reviewer-li", senior=False, now=NOW + ASSIGNED_FOR)
    assert taken.claim_id == claim_id
    assert world.review(claim_id, "refuse", now=NOW + ASSIGNED_FOR) == "refused"


def test_it_is_everybodys_once_given_back_or_handed_on(world: World, caller: Callers) -> None:
    known(world, "reviewer-wang", "reviewer-li")
    claim_id = waiting(world)
    hand(world, claim_id, "reviewer-wang")
    hand(world, claim_id, "reviewer-li")
    assert caller("reviewer-wang").put(f"/v1/reviews/{claim_id}/lease", None).status_code == 409
    assert caller("reviewer-li").delete(f"/v1/reviews/{claim_id}/lease").status_code == 204
    assert caller("reviewer-wang").put(f"/v1/reviews/{claim_id}/lease", None).status_code == 200
    hand(world, claim_id, "reviewer-wang")
    escalated = caller("reviewer-wang").post(f"/v1/reviews/{claim_id}/escalations", {"reason": "复杂。"})
    assert escalated.status_code == 201
    assert caller("director-chen").put(f"/v1/reviews/{claim_id}/lease", None).status_code == 200
    before = world.rows("SELECT details::jsonb ->> 'before' FROM audit_log WHERE action = 'claim.assigned'")
    assert before == [(None,), ("reviewer-wang",), (None,)]


def test_nobody_unknown_no_one_who_decided_and_no_junior_where_a_senior_decides(world: World, caller: Callers) -> None:
    known(world, "reviewer-wang", "reviewer-li")
    known(world, "director-zhou", senior=True)
    claim_id = waiting(world)
    assert fault(world, claim_id, "reviewer-wong") == "No reviewer of this name is known."
    assert world.review(claim_id, "refuse") == "refused"
    assert slug(caller("director-chen").put(f"/v1/reviews/{claim_id}/assignment", {"reviewer": "reviewer-li"})) == (
        "no-open-review"
    )
    mobile = caller("mobile-backend")
    assert mobile.post(f"/v1/claims/{claim_id}/appeals", {"reason": "我没有参与。"}).status_code == 202
    assert world.decide(world.claim(claim_id), claim_round=2) == "review"
    assert fault(world, claim_id, "reviewer-li") == "This person decided on the claim before."
    hand(world, claim_id, "reviewer-wang")
    assert caller("reviewer-wang").post(f"/v1/reviews/{claim_id}/escalations", {"reason": "复杂。"}).status_code == 201
    assert fault(world, claim_id, "reviewer-wang").startswith("It is the last appeal or was handed on")
    hand(world, claim_id, "director-zhou")


def test_whose_scope_was_taken_away_gets_no_case_for_seniors(world: World) -> None:
    known(world, "director-zhou", senior=True)
    known(world, "director-zhou", senior=False)
    assert world.rows("SELECT senior FROM reviewers WHERE reviewer = 'director-zhou'") == [(False,)]
