"""Refusals that are certain, many at a time: exactly those that were previewed, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.bulk import CERTAIN, Pinned, digest
from services.fraud_detection.reviews.usecases.undo_decision import let_take_effect
from shared.values.ids import ClaimId
from shared.values.money import Fen
from tests import clock
from tests.rules.fraud_detection.builders import START
from tests.services.fraud_detection.builders import NOW, Caller, Then, World, champion, evidence

Callers = Callable[[str], Caller]
BEFORE = START - timedelta(days=2)
WORDS = {"clause": "not_in_force", "reasons_zh": "出险时保单尚未生效。", "reasons_en": "The policy had not begun."}
PREVIEWS, REFUSALS = "/v1/reviews/bulk-previews", "/v1/reviews/bulk-refusals"


def too_early(world: World, **changes: Any) -> Claim:
    """A loss from before the policy began."""
    claim = world.file(world.covered(), occurred_at=BEFORE, discovered_at=BEFORE + timedelta(hours=1), **changes)
    assert world.decide(claim) == "refusal_proposed"
    return claim


def previewed(caller: Caller, rule: str = "not_in_force", **more: Any) -> Any:
    reply = caller.post(PREVIEWS, {"rule": rule, **more})
    assert reply.status_code == 201, reply.text
    return reply.json


def confirmed(caller: Caller, preview: Any, **changes: Any) -> Any:
    body = {"bulk_id": preview["bulk_id"], "digest": preview["digest"], **WORDS, **changes}
    reply = caller.post(REFUSALS, body)
    assert reply.status_code == 200, reply.text
    return reply.json


def shown(preview: Any) -> set[str]:
    return {each["claim_id"] for each in preview["cases"]}


def why(done: Any) -> dict[str, str | None]:
    return {each["claim_id"]: each["why"] for each in done["cases"]}


def slug(reply: Any) -> str:
    return str(reply.json["type"]).rpartition("/")[2]


def test_what_was_previewed_is_refused_each_with_its_own_trace(world: World, caller: Callers) -> None:
    claims = [too_early(world, amount_fen=number * 100_000) for number in (1, 2, 3)]
    li = caller("reviewer-li")
    preview = previewed(li)
    assert (preview["count"], preview["matching"], preview["amount_fen"]) == (3, 3, 600_000)
    pinned = [Pinned(claim_id=c["claim_id"], version=c["version"], amount_fen=Fen(0)) for c in preview["cases"]]
    assert preview["digest"] == digest("not_in_force", pinned)
    done = confirmed(li, preview)
    assert (done["refused"], done["left_out"]) == (3, 0)
    for claim in claims:
        assert world.claim(claim.claim_id).state == "refused"
    told = caller("mobile-backend").get(f"/v1/claims/{claims[0].claim_id}").json["decision"]
    assert "出险时保单尚未生效。" in [each["text_zh"] for each in told["reasons"]]
    rows = world.rows(
        "SELECT actor, subject, details::jsonb ->> 'bulk_id', details::jsonb ->> 'decision_id' FROM audit_log"
        " WHERE action = 'claim.bulk_refused' ORDER BY subject"
    )
    made = {each["claim_id"]: each["decision_id"] for each in done["cases"]}
    assert rows == [("reviewer-li", claim_id, preview["bulk_id"], made[claim_id]) for claim_id in sorted(made)]
    assert world.rows("SELECT count(*) FROM audit_log WHERE action = 'claim.refused'") == [(3,)]
    assert len([each for each in world.events("claims.decided") if each["outcome"] == "refused"]) == 3


def test_confirmed_twice_it_refuses_once_and_tells_the_same(world: World, caller: Callers) -> None:
    too_early(world)
    li = caller("reviewer-li")
    preview = previewed(li)
    assert confirmed(li, preview) == confirmed(li, preview)
    assert world.rows("SELECT count(*) FROM decisions WHERE by_person") == [(1,)]


def test_what_changed_or_became_anothers_is_left_out_and_told(world: World, caller: Callers) -> None:
    changed, held, handed_on, decided, untouched = (too_early(world).claim_id for _ in range(5))
    li, wang = caller("reviewer-li"), caller("reviewer-wang")
    preview = previewed(li)
    assert preview["count"] == 5
    with world.database.transaction() as tx:
        add_documents(tx, changed, [evidence("chat_record")], tenant="mobile-backend", now=NOW)
    wang.put(f"/v1/reviews/{held}/lease", None)
    wang.post(f"/v1/reviews/{handed_on}/escalations", {"reason": "复杂。"})
    assert world.review(decided, "refuse", clause="not_in_force", reviewer="reviewer-wang") == "refused"
    done = confirmed(li, preview)
    assert why(done) == {
        changed: "case-changed",
        held: "held-by-another",
        handed_on: "senior-decides",
        decided: "case-changed",
        untouched: None,
    }
    assert (done["refused"], done["left_out"]) == (1, 4)
    assert world.claim(held).state == "in_review"
    assert world.rows("SELECT count(*) FROM audit_log WHERE action = 'claim.bulk_refused'") == [(1,)]


def test_a_new_case_after_the_preview_is_not_refused(world: World, caller: Callers) -> None:
    first = too_early(world)
    li = caller("reviewer-li")
    preview = previewed(li)
    second = too_early(world)
    assert set(why(confirmed(li, preview))) == {first.claim_id}
    assert world.claim(second.claim_id).state == "in_review"


def test_a_preview_shows_only_what_is_certain_and_the_persons_own_to_decide(world: World, caller: Callers) -> None:
    li, wang = caller("reviewer-li"), caller("reviewer-wang")
    plain, held, appealed = (too_early(world).claim_id for _ in range(3))
    doubted = world.file(world.covered())
    assert world.decide(doubted, by=champion(0.9)) == "review"
    wang.put(f"/v1/reviews/{held}/lease", None)
    mobile = caller("mobile-backend")
    wanted = world.file(world.covered(), occurred_at=BEFORE, discovered_at=BEFORE + timedelta(hours=1))
    assert mobile.post(f"/v1/claims/{wanted.claim_id}/person", {}).status_code < 300
    assert world.decide(wanted) == "review"
    assert world.review(appealed, "refuse", clause="not_in_force", reviewer="reviewer-sun") == "refused"
    assert mobile.post(f"/v1/claims/{appealed}/appeals", {"reason": "保单已生效。"}).status_code == 202
    world.decide(world.claim(appealed), claim_round=2)
    assert shown(previewed(li)) == {plain}
    assert shown(previewed(wang)) == {plain, held}
    assert shown(previewed(li, "waiting_period")) == set()
    assert shown(previewed(li, liability="ransom")) == set()


@pytest.mark.parametrize("rule", ["score", "evidence_missing", "duplicate_loss", "scam_type_excluded", "own_crime"])
def test_what_takes_a_look_at_each_case_has_no_bulk(caller: Callers, rule: str) -> None:
    assert caller("reviewer-li").post(PREVIEWS, {"rule": rule}).status_code == 422
    assert rule not in CERTAIN


def test_only_who_previewed_confirms_and_with_that_digest(world: World, caller: Callers) -> None:
    claim = too_early(world)
    li, wang = caller("reviewer-li"), caller("reviewer-wang")
    preview = previewed(li)
    body = {"bulk_id": preview["bulk_id"], "digest": preview["digest"], **WORDS}
    assert slug(wang.post(REFUSALS, body)) == "unknown-bulk"
    assert slug(li.post(REFUSALS, body | {"digest": "0" * 64})) == "unknown-bulk"
    assert world.claim(claim.claim_id).state == "in_review"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"clause": "outside_territory"}, "/clause"),
        ({"reasons_zh": "The policy had not begun."}, "/reasons_zh"),
        ({"reasons_en": "出险时保单尚未生效。"}, "/reasons_en"),
    ],
)
def test_words_that_would_not_do_for_one_do_not_for_many(
    world: World, caller: Callers, changes: dict[str, str], pointer: str
) -> None:
    claim, li = too_early(world), caller("reviewer-li")
    preview = previewed(li)
    refused = li.post(REFUSALS, {"bulk_id": preview["bulk_id"], "digest": preview["digest"], **WORDS, **changes})
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])
    assert world.claim(claim.claim_id).state == "in_review"


def test_an_old_preview_is_looked_at_again(world: World, caller: Callers) -> None:
    too_early(world)
    li = caller("reviewer-li")
    preview = previewed(li)
    world.rows("UPDATE bulk_refusals SET previewed_at = previewed_at - interval '31 minutes' RETURNING 1")
    body = {"bulk_id": preview["bulk_id"], "digest": preview["digest"], **WORDS}
    assert slug(li.post(REFUSALS, body)) == "bulk-over"


class TestUndoable:
    """With the minute in which a decision may be taken back."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"FRAUD_DETECTION_UNDO_SECONDS": "60"}

    def test_each_of_a_bulk_may_be_taken_back(self, world: World, caller: Callers) -> None:
        kept, undone = too_early(world).claim_id, too_early(world).claim_id
        li = caller("reviewer-li")
        assert confirmed(li, previewed(li))["refused"] == 2
        assert {world.claim(each).state for each in (kept, undone)} == {"in_review"}
        assert previewed(li)["count"] == 0
        assert li.delete(f"/v1/reviews/{undone}/undoable-decision").status_code == 200
        let_take_effect(world.database, world.personal_data, Then(clock.now() + timedelta(seconds=61)))
        assert (world.claim(ClaimId(kept)).state, world.claim(ClaimId(undone)).state) == ("refused", "in_review")
