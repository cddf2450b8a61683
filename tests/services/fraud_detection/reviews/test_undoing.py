"""Who decided may take it back for a minute; until then nobody is told. Whatever is killed, it is one or the other."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import DecisionWaits, NothingToUndo, NothingWaits
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.hold_case import take_next
from services.fraud_detection.reviews.usecases.undo_decision import act, let_take_effect, undo
from shared.db.pool import Database
from shared.process import metrics
from shared.values.ids import ClaimId
from tests.services.fraud_detection.builders import NOW, Caller, Then, World, champion, evidence, finding, refusal

Callers = Callable[[str], Caller]
MINUTE = timedelta(seconds=60)
OVER = NOW + MINUTE


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"FRAUD_DETECTION_UNDO_SECONDS": "60"}


def waiting(world: World, **changes: Any) -> ClaimId:
    claim = world.file(world.covered(), **changes)
    assert world.decide(claim, by=champion(0.9)) == "review"
    world.rows_gone("outbox")
    return claim.claim_id


def refuse(world: World, claim_id: ClaimId, reviewer: str = "reviewer-li", *, now: datetime = NOW) -> None:
    verdict = Verdict(
        outcome="refuse",
        clause=None,
        reasons_zh="与条款不符。",
        reasons_en="Against the terms.",
        finding=finding("own_crime"),
    )
    decide(world, claim_id, verdict, reviewer, now=now)


def approve(world: World, claim_id: ClaimId, reviewer: str = "reviewer-li") -> None:
    verdict = Verdict(outcome="approve", clause=None, reasons_zh=None, reasons_en=None, finding=None)
    decide(world, claim_id, verdict, reviewer)


def decide(world: World, claim_id: ClaimId, verdict: Verdict, reviewer: str, *, now: datetime = NOW) -> None:
    with world.database.transaction() as tx:
        acted = act(
            tx,
            claim_id,
            verdict,
            by=Actor(reviewer=reviewer, senior=False),
            undo_for=MINUTE,
            show=lambda row: row.decided_by if isinstance(row, DecisionRow) else None,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=now,
        )
    assert acted.undo_until == now + MINUTE


def take_back(world: World, claim_id: ClaimId, reviewer: str = "reviewer-li", *, now: datetime) -> None:
    with world.database.transaction() as tx:
        undo(tx, claim_id, reviewer, now=now)


def let(world: World, now: datetime) -> None:
    let_take_effect(world.database, world.personal_data, Then(now))


def nothing_is_told(world: World, claim_id: ClaimId) -> bool:
    return (
        world.claim(claim_id).state == "in_review"
        and world.rows("SELECT count(*) FROM outbox") == [(0,)]
        and world.rows("SELECT count(*) FROM decisions WHERE by_person") == [(0,)]
        and world.rows("SELECT coalesce(sum(reserved_fen), 0) FROM limit_use") == [(0,)]
        and world.rows("SELECT count(*) FROM reviews WHERE closed_at IS NULL") == [(1,)]
    )


def audited(world: World) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in world.rows("SELECT actor, action FROM audit_log ORDER BY number")]


@pytest.mark.parametrize("decision", [approve, refuse])
def test_nobody_is_told_before_the_minute_is_over_and_everybody_then(
    world: World, decision: Callable[[World, ClaimId], None]
) -> None:
    claim_id = waiting(world)
    decision(world, claim_id)
    assert nothing_is_told(world, claim_id)
    let(world, OVER - timedelta(milliseconds=1))
    assert nothing_is_told(world, claim_id)
    let(world, OVER)
    outcome = "approved" if decision is approve else "refused"
    assert world.claim(claim_id).state == outcome
    (told,) = world.events("claims.decided")
    (made,) = world.rows("SELECT decision_id::text, decided_by FROM decisions WHERE by_person")
    assert (told["outcome"], told["decision_id"], "reviewer-li") == (outcome, *made)
    assert world.rows("SELECT count(*) FROM undoable_decisions") == world.rows("SELECT count(*) FROM review_leases")
    assert audited(world) == [("reviewer-li", "claim.decision_made"), ("reviewer-li", f"claim.{outcome}")]


def test_the_decision_that_takes_effect_is_the_one_that_was_shown(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li, mobile = caller("reviewer-li"), caller("mobile-backend")
    match = {"If-Match": li.get(f"/v1/reviews/{claim_id}").headers["ETag"]}
    told = mobile.get(f"/v1/claims/{claim_id}").json
    made = li.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers=match)
    assert (made.status_code, made.json["outcome"], made.headers["ETag"]) == (202, "refused", match["If-Match"])
    assert "与条款不符。" in [each["text_zh"] for each in made.json["told"]]
    assert mobile.get(f"/v1/claims/{claim_id}").json == told
    shown = caller("reviewer-wang").get(f"/v1/reviews/{claim_id}").json
    assert shown["undoable"] == {
        key: made.json[key] for key in ("decision_id", "outcome", "decided_by", "decided_at", "undo_until")
    }
    (item,) = li.get("/v1/reviews?mine=true").json["items"]
    assert item["undoable"]["outcome"] == "refused"
    let(world, datetime.fromisoformat(made.json["undo_until"]))
    after = mobile.get(f"/v1/claims/{claim_id}").json
    assert (after["state"], after["decision"]["decision_id"]) == ("refused", made.json["decision_id"])


def test_who_decided_takes_it_back_and_has_the_case_as_before(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li, wang = caller("reviewer-li"), caller("reviewer-wang")
    match = {"If-Match": li.get(f"/v1/reviews/{claim_id}").headers["ETag"]}
    path = f"/v1/reviews/{claim_id}"
    assert li.post(f"{path}/decisions", refusal(), headers=match).status_code == 202
    assert wang.delete(f"{path}/undoable-decision").status_code == 409
    undone = li.delete(f"{path}/undoable-decision")
    assert (undone.status_code, undone.json["held_by"]) == (200, "reviewer-li")
    assert nothing_is_told(world, claim_id)
    again = li.delete(f"{path}/undoable-decision")
    assert str(again.json["type"]).endswith("nothing-to-undo")
    held = wang.post(f"{path}/decisions", refusal(), headers=match)
    assert str(held.json["type"]).endswith("held-by-another")
    assert audited(world) == [("reviewer-li", "claim.decision_made"), ("reviewer-li", "claim.decision_undone")]
    assert li.post(f"{path}/decisions", {"outcome": "approve"}, headers=match).status_code == 202


def test_a_request_for_documents_is_taken_back_too(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li = caller("reviewer-li")
    match = {"If-Match": li.get(f"/v1/reviews/{claim_id}").headers["ETag"]}
    path, asked = f"/v1/reviews/{claim_id}/requests", {"kinds": ["chat_record"]}
    assert li.post(path, asked, headers=match).status_code == 202
    assert nothing_is_told(world, claim_id)
    assert li.delete(f"/v1/reviews/{claim_id}/undoable-decision").status_code == 200
    made = li.post(path, asked, headers=match)
    let(world, datetime.fromisoformat(made.json["undo_until"]))
    assert world.claim(claim_id).state == "documents_requested"
    assert [each["outcome"] for each in world.events("claims.decided")] == ["documents_requested"]


def test_while_a_decision_may_be_undone_nobody_else_takes_or_decides_the_case(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    refuse(world, claim_id)
    world.rows_gone("review_leases")
    with pytest.raises(NothingWaits), world.database.transaction() as tx:
        take_next(tx, "reviewer-wang", senior=True, now=NOW)
    with pytest.raises(DecisionWaits):
        refuse(world, claim_id, "reviewer-wang")
    with pytest.raises(DecisionWaits):
        refuse(world, claim_id)
    senior = caller("director-chen")
    handed = senior.put(f"/v1/reviews/{claim_id}/assignment", {"reviewer": "reviewer-li"})
    assert str(handed.json["type"]).endswith("decision-waits")
    assert nothing_is_told(world, claim_id)


def test_what_is_not_to_be_decided_so_is_told_at_once(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    li = caller("reviewer-li")
    match = {"If-Match": li.get(f"/v1/reviews/{claim_id}").headers["ETag"]}
    body = refusal() | {"finding": None, "clause": "outside_territory"}
    refused = li.post(f"/v1/reviews/{claim_id}/decisions", body, headers=match)
    assert refused.status_code == 422
    stale = li.post(f"/v1/reviews/{claim_id}/decisions", refusal(), headers={"If-Match": '"77"'})
    assert stale.status_code == 412
    assert world.rows("SELECT count(*) FROM undoable_decisions") == [(0,)]


def test_a_claim_that_changed_meanwhile_is_decided_by_a_person_anew(world: World) -> None:
    claim_id = waiting(world)
    refuse(world, claim_id)
    with world.database.transaction() as tx:
        add_documents(tx, claim_id, [evidence("chat_record")], tenant="mobile-backend", now=NOW)
    let(world, OVER)
    assert world.rows("SELECT count(*) FROM decisions WHERE by_person") == [(0,)]
    assert world.rows("SELECT count(*) FROM undoable_decisions") == [(0,)]
    assert audited(world)[-1] == ("fraud_detection", "claim.decision_dropped")


def test_an_approval_whose_limit_others_took_comes_back_with_a_note(world: World, caller: Callers) -> None:
    """The limit is not held for a decision that may be undone."""
    person = world.covered(annual_limit_fen=1_440_000)
    first = world.file(person)
    assert world.decide(first, by=champion(0.9)) == "review"
    approve(world, first.claim_id)
    hour = timedelta(days=20)
    second = world.file(person, occurred_at=NOW - hour, discovered_at=NOW - hour, amount_fen=2_000_000)
    world.decide(second, by=champion(0.9))
    assert world.review(second.claim_id, "approve", reviewer="reviewer-wang") == "approved"
    let(world, OVER)
    assert world.claim(first.claim_id).state == "in_review"
    assert world.rows("SELECT held_by FROM review_leases") == [("reviewer-li",)]
    (note,) = caller("reviewer-wang").get(f"/v1/reviews/{first.claim_id}").json["notes"]
    assert note["written_by"] == "fraud_detection"
    assert "limit_used_up" in note["note"]


def test_a_withdrawn_claim_stays_withdrawn(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    approve(world, claim_id)
    assert caller("mobile-backend").post(f"/v1/claims/{claim_id}/withdrawal", {}).status_code < 300
    let(world, OVER)
    assert world.claim(claim_id).state == "withdrawn"
    assert world.rows("SELECT count(*) FROM undoable_decisions") == [(0,)]


@pytest.mark.parametrize("_time", range(5))
def test_undoing_as_it_takes_effect_is_one_or_the_other(world: World, _time: int) -> None:
    claim_id = waiting(world)
    refuse(world, claim_id)
    together = threading.Barrier(3)

    def press() -> bool:
        together.wait()
        try:
            take_back(world, claim_id, now=OVER - timedelta(milliseconds=1))
        except NothingToUndo:
            return False
        return True

    def release() -> None:
        together.wait()
        let(world, OVER)

    with ThreadPoolExecutor(3) as pool:
        pressed, *released = pool.submit(press), pool.submit(release), pool.submit(release)
        undone = pressed.result()
        for each in released:
            each.result()
    assert undone == (world.claim(claim_id).state == "in_review")
    assert world.rows("SELECT count(*) FROM decisions WHERE by_person") == [(0 if undone else 1,)]
    assert len(world.events("claims.decided")) == (0 if undone else 1)


def _let_in_a_child(url: str) -> None:
    database = Database(url, size=2)
    let(World(database), OVER)


def test_a_worker_that_is_killed_in_the_middle_of_it_loses_and_doubles_nothing(
    world: World, fraud_detection_url: str
) -> None:
    claim_id = waiting(world)
    refuse(world, claim_id)
    child = multiprocessing.get_context("spawn").Process(target=_let_in_a_child, args=(fraud_detection_url,))
    with world.database.transaction() as tx:
        # Its decision is made and its row is gone, and it waits here to close the case.
        tx.execute("SELECT FROM reviews WHERE claim_id = %s FOR UPDATE", (claim_id,))
        child.start()
        began = time.monotonic()
        while not world.rows(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE reviews%'"
            " AND pid <> pg_backend_pid()"
        ):
            assert time.monotonic() - began < 120
            time.sleep(0.05)
        child.kill()
        child.join()
    assert nothing_is_told(world, claim_id)
    assert world.rows("SELECT count(*) FROM undoable_decisions") == [(1,)]
    let(world, OVER)
    assert world.claim(claim_id).state == "refused"
    assert len(world.events("claims.decided")) == 1


def test_the_machine_waits_for_nobodys_second_thoughts(world: World) -> None:
    claim = world.file(world.covered())
    assert world.decide(claim) == "approved"
    assert [each["outcome"] for each in world.events("claims.decided")] == ["approved"]


def test_a_decision_is_counted_once_and_an_undone_one_not_at_all(world: World) -> None:
    def counted() -> float:
        return float(metrics.DECISIONS.labels("refused", "person")._value.get())

    before, claim_id = counted(), waiting(world)
    refuse(world, claim_id)
    take_back(world, claim_id, now=NOW)
    assert counted() == before
    refuse(world, claim_id)
    let(world, OVER)
    assert counted() == before + 1


def test_what_a_person_wrote_is_sealed_while_it_waits(world: World) -> None:
    claim_id = waiting(world)
    refuse(world, claim_id)
    (said,) = world.rows("SELECT undoable_decisions::text FROM undoable_decisions")
    assert "与条款不符。" not in said[0]
    assert "与条款不符。".encode().hex() not in said[0]
