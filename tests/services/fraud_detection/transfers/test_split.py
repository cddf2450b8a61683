"""What is undisputed is paid first: the transfers that stay open are split off, as a claim of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import psycopg2
import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.clocks import clocks
from services.fraud_detection.claims.domain.police import ToldPaper
from services.fraud_detection.claims.store import courses, representatives
from services.fraud_detection.claims.store import transfers as kept_transfers
from services.fraud_detection.claims.store.integrity import INVARIANTS as OF_CLAIMS
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.integrity import INVARIANTS as OF_DECISIONS
from services.fraud_detection.erasure.store.integrity import INVARIANTS as FORGOTTEN
from services.fraud_detection.filing.usecases.change_claim import CameBack, tell_recovery
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import (
    AboveAuthority,
    AnotherPersonDecides,
    CoverRuleStands,
    NoOpenReview,
    NothingWaits,
)
from services.fraud_detection.reviews.domain.verdicts import OfTransfer, Verdict
from services.fraud_detection.reviews.store import leases
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.hold_case import take_next
from services.fraud_detection.reviews.usecases.undo_decision import act, let_take_effect, undo
from services.fraud_detection.service_levels.usecases.measure import measure
from shared.events.policies import PoliciesErased
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import product
from tests.services.fraud_detection.builders import (
    NOW,
    UNBOUNDED,
    Caller,
    Then,
    World,
    champion,
    complete,
    evidence,
    take,
)
from tests.services.fraud_detection.filing.test_amendments import amend
from tests.services.fraud_detection.filing.test_amendments import transfer as told
from tests.services.fraud_detection.insured import insure
from tests.services.fraud_detection.representing import NAME, acting, check, register
from tests.services.fraud_detection.reviews.test_two_persons import confirm, give
from tests.services.fraud_detection.test_one_event import name
from tests.services.fraud_detection.transfers.test_in_part import NOTHING, WHY, accepted, say, three, verdict
from tests.services.fraud_detection.transfers.test_transfers import claimed, transfer, two_policies

Callers = Callable[[str], Caller]
YUAN: Final = 100
MINUTE: Final = timedelta(minutes=1)
OPEN: Final = OfTransfer(
    line=2,
    accepted=False,
    open=True,
    reasons_zh="银行的回单还没有到。",
    reasons_en="The bank's slip has not come yet.",
)
SPLIT: Final = verdict(accepted(0), WHY, OPEN)
REST_OPEN: Final = verdict(accepted(0), replace(OPEN, line=1), OPEN)


def off(world: World, claim_id: ClaimId) -> Claim:
    """The one claim that was split off this one."""
    ((found,),) = world.rows(f"SELECT claim_id FROM claims WHERE split_from = '{claim_id}'")
    return world.claim(found)


def in_person(world: World, claim: Claim) -> Claim:
    """Once the machine saw it."""
    assert world.decide(claim, by=champion(0.0), claim_round=claim.round) == "review"
    return world.claim(claim.claim_id)


def sound(world: World) -> None:
    with world.database.transaction() as tx:
        assert [each.find(tx) for each in (*OF_CLAIMS, *OF_DECISIONS)] == [[] for _ in (*OF_CLAIMS, *OF_DECISIONS)]


def test_what_is_accepted_is_paid_and_the_open_transfers_are_a_claim_of_their_own(world: World) -> None:
    first = three(world)
    row = say(world, first.claim_id, SPLIT)
    assert isinstance(row, DecisionRow)
    assert (row.amount_fen, row.refused_fen) == (5_000 * YUAN, 3_000 * YUAN)
    second = off(world, first.claim_id)
    assert (second.state, second.changed_why, second.amount_fen) == ("filed", "split_off", 2_000 * YUAN)
    assert (second.split_root, second.split_by) == (first.claim_id, row.decision_id)
    assert world.claim(first.claim_id).amount_fen == 8_000 * YUAN
    same = ("policy_id", "person_token", "phone_token", "payee_token", "scam_type", "tenant", "submitted_at", "round")
    assert all(getattr(first, name) == getattr(second, name) for name in same)
    assert world.rows("SELECT claim_id, line, refused, place FROM transfers ORDER BY line") == [
        (first.claim_id, 0, False, "own"),
        (first.claim_id, 1, True, "own"),
        (second.claim_id, 2, False, "own"),
    ]
    assert [event["amount_fen"] for event in world.events("claims.decided") if event["outcome"] == "approved"] == [
        5_000 * YUAN
    ]
    second = in_person(world, second)
    assert world.rows(f"SELECT why FROM decisions WHERE claim_id = '{second.claim_id}'") == [("split_off",)]
    sound(world)
    assert world.review(second.claim_id, "approve") == "approved"
    assert world.rows("SELECT amount_fen FROM reservations ORDER BY amount_fen DESC") == [
        (5_000 * YUAN,),
        (2_000 * YUAN,),
    ]
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(7_000 * YUAN,)]
    sound(world)


def test_deductibles_are_borne_once_and_the_limit_is_that_of_one(world: World) -> None:
    insured = insure(world, product(event_deductible_fen=1_000 * YUAN, event_limit_fen=5_500 * YUAN, pay_percent=90))
    first = three(world, insured)
    assert say(world, first.claim_id, REST_OPEN).amount_fen == 3_600 * YUAN
    second = in_person(world, off(world, first.claim_id))
    assert world.review(second.claim_id, "approve") == "approved"
    assert world.rows("SELECT sum(amount_fen) FROM reservations") == [(5_500 * YUAN,)]


def test_what_came_back_of_no_transfer_is_of_both_in_proportion(world: World) -> None:
    first = three(world, recovered_fen=Fen(1_000 * YUAN), other_insurance_fen=Fen(1_000 * YUAN))
    assert say(world, first.claim_id, REST_OPEN).amount_fen == 4_000 * YUAN
    kept, gone = world.claim(first.claim_id), off(world, first.claim_id)
    amounts = [(each.recovered_fen, each.other_insurance_fen) for each in (kept, gone)]
    assert amounts == [(500 * YUAN, 500 * YUAN)] * 2
    second = in_person(world, gone)
    assert world.review(second.claim_id, "approve") == "approved"
    assert world.rows("SELECT sum(amount_fen) FROM reservations") == [(8_000 * YUAN,)]


@pytest.mark.parametrize("third_first", [True, False])
def test_an_event_that_is_named_after_the_split_is_that_of_all_parts(
    world: World, caller: Callers, *, third_first: bool
) -> None:
    """30,000 yuan are paid, 20,000 open, and 20,000 that were refused are told anew; the event has 50,000."""
    insured = insure(world, product(annual_limit_fen=100_000 * YUAN))
    paid = [transfer(f"R{line}", minutes=20 * line, yuan=yuan) for line, yuan in enumerate((30_000, 20_000, 20_000))]
    first = claimed(world, insured, *paid)
    assert world.decide(first, by=champion(0.9)) == "review"
    assert say(world, first.claim_id, SPLIT).amount_fen == 30_000 * YUAN
    second = in_person(world, off(world, first.claim_id))
    third = claimed(world, insured, transfer("R1", minutes=20, yuan=20_000), later=10)
    assert world.decide(third) == "refusal_proposed"
    for claim in (first, third):
        name(world, claim, "e1")
    related = caller("reviewer-wang").get(f"/v1/reviews/{third.claim_id}").json["related"]
    assert {each["claim_id"]: each["relation"] for each in related} == {
        first.claim_id: "one_event",
        second.claim_id: "one_event",
    }
    turn = [(third.claim_id, "reviewer-wang"), (second.claim_id, "reviewer-li")]
    (once, by), (again, by_then) = turn if third_first else reversed(turn)
    assert world.review(once, "approve", reviewer=by) == "approved"
    with pytest.raises(CoverRuleStands) as stands:
        world.review(again, "approve", reviewer=by_then)
    assert stands.value.codes == "event_limit_used_up"
    assert world.rows("SELECT sum(amount_fen) FROM reservations") == [(50_000 * YUAN,)]


def test_what_came_back_before_the_split_stays_where_a_transfer_of_the_part_is_corrected(
    world: World, caller: Callers
) -> None:
    """Of 1,000 yuan back of 10,000, 200 go along with 2,000; 500 of these were refunded, as is told afterwards."""
    first = three(world)
    back = CameBack(kind="police", amount_fen=Fen(1_000 * YUAN), came_at=NOW)
    with world.database.transaction() as tx:
        tell_recovery(tx, first.claim_id, back, tenant="mobile-backend", now=NOW)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    assert second.recovered_fen == 200 * YUAN
    corrected = {"line": 2, "transfer": told("R2", minutes=40, yuan=2_000, refunded_fen=500 * YUAN)}
    assert amend(caller, world, second, {"transfers": {"correct": [corrected]}}).status_code == 202
    assert world.claim(second.claim_id).recovered_fen == 700 * YUAN


def test_who_tells_more_than_was_lost_by_one_part_is_told_that_each_has_its_own(world: World) -> None:
    first = three(world)
    back = CameBack(kind="police", amount_fen=Fen(10_001 * YUAN), came_at=NOW)

    def fix(claim_id: ClaimId) -> str:
        with pytest.raises(InvalidField) as wrong, world.database.transaction() as tx:
            tell_recovery(tx, claim_id, back, tenant="mobile-backend", now=NOW)
        return wrong.value.fix

    assert fix(first.claim_id) == "Send what came back this time."
    say(world, first.claim_id, SPLIT)
    of_parts = "Tell each claim of split_from and split_into what came back this time of its own transfers."
    assert fix(first.claim_id) == fix(off(world, first.claim_id).claim_id) == of_parts


def test_all_that_belongs_to_the_claim_goes_along_and_is_read_there(world: World, caller: Callers) -> None:
    paper = ToldPaper(kind="receipt", number="A-77", unit="某派出所", officer="王警官", issued_on=NOW.date())
    first = three(world, police=(paper,), event_reference="incident-9")
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    li = caller("reviewer-li")
    cases = [li.get(f"/v1/reviews/{each.claim_id}").json for each in (first, second)]
    assert cases[0]["loss"]["description"] == cases[1]["loss"]["description"] != ""
    assert cases[0]["loss"]["police"] == cases[1]["loss"]["police"] != []
    assert [each["sha256"] for each in cases[0]["evidence"]] == [each["sha256"] for each in cases[1]["evidence"]]
    assert {each["other_claims"] for one in cases for each in one["evidence"]} == {0}
    assert [each["reference"] for each in cases[1]["transfers"]] != [None]
    assert second.event_reference == "incident-9"
    assert [(each["claim_id"], each["relation"]) for each in cases[1]["related"]] == [(first.claim_id, "one_event")]


def test_who_acts_for_the_insured_acts_in_both_by_the_mandate_that_was_looked_at(world: World, caller: Callers) -> None:
    first = three(world, representative=acting(world), evidence=(*complete(), *register()))
    check(world, first.claim_id, holds=False)
    check(world, first.claim_id)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    cases = [caller("reviewer-li").get(f"/v1/reviews/{each.claim_id}").json for each in (first, second)]
    shown, copied = (each["representative"] for each in cases)
    assert [each["reason"] for each in copied.pop("checks")] == [shown.pop("checks")[-1]["reason"]]
    assert copied == shown
    kinds = [[each["kind"] for each in one["evidence"]] for one in cases]
    assert kinds[0] == kinds[1]
    assert {"identity", "mandate"} < set(kinds[1])
    with world.database.transaction() as tx:
        acts = representatives.many(tx, [second.claim_id])[second.claim_id]
        assert world.personal_data.open(tx, acts.name, second.claim_id, "representative:name") == NAME
    assert world.review(second.claim_id, "approve") == "approved"


def test_its_clocks_began_when_the_loss_was_claimed(world: World) -> None:
    first = three(world)
    later = NOW + timedelta(days=20)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    with world.database.transaction() as tx:
        found = clocks(courses.of_claims(tx, [second.claim_id])[second.claim_id], later)
        series = measure(tx, NOW - MINUTE, NOW + MINUTE, now=later)
    assert {(each.kind, each.began_at, each.ended_at) for each in found} == {
        ("assess", NOW, None),
        ("undisputed_part", NOW, None),
    }
    assert (series.claims, series.decided) == (2, 1)


def test_the_resident_reads_in_both_what_is_paid_first_and_what_is_open_and_why(world: World, caller: Callers) -> None:
    first = three(world)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    backend = caller("mobile-backend")
    one = backend.get(f"/v1/claims/{first.claim_id}").json
    assert one["decision"]["reasons"][0]["code"] == "approved_undisputed_part"
    assert [(each["line"], each["accepted"], each["open"]) for each in one["decision"]["transfers"]] == [
        (0, True, False),
        (1, False, False),
        (2, False, True),
    ]
    told = [(each["code"], each["text_zh"], each["text_en"]) for each in one["decision"]["transfers"][2]["reasons"]]
    assert told == [("still_open", OPEN.reasons_zh, OPEN.reasons_en)]
    (into,) = one["split_into"]
    assert (into["claim_id"], into["amount_fen"]) == (second.claim_id, 2_000 * YUAN)
    assert into["by"] is not None
    two = backend.get(f"/v1/claims/{second.claim_id}").json
    assert (two["split_from"]["claim_id"], two["decision"], two["split_into"]) == (first.claim_id, None, [])
    assert [each["reasons"][0]["text_zh"] for each in two["split_from"]["transfers"]] == [OPEN.reasons_zh]
    assert one["split_from"] is None
    assert "回单".encode().hex() not in str(world.rows("SELECT v::text FROM transfer_verdicts AS v"))


def test_the_trace_of_either_shows_the_split(world: World, caller: Callers) -> None:
    first = three(world)
    say(world, first.claim_id, SPLIT)
    second = off(world, first.claim_id)
    seen = {}
    for claim in (first, second):
        happened = caller("reviewer-li").get(f"/v1/claims/{claim.claim_id}/trace").json["happened"]
        seen[claim.claim_id] = {each["what"]: each["details"] for each in happened}
    assert seen[first.claim_id]["split_into"]["claim_id"] == second.claim_id
    assert seen[second.claim_id]["split_from"] == {"claim_id": first.claim_id}


def test_the_preview_tells_what_is_paid_now_and_what_stays_open(world: World, caller: Callers) -> None:
    first = three(world)
    path, li = f"/v1/reviews/{first.claim_id}", caller("reviewer-li")
    seen = li.post(f"{path}/previews", {"refused": [1], "open": [2]}).json
    assert [(each["accepted"], each["open"]) for each in seen["transfers"]] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    amounts = tuple(seen[name] // YUAN for name in ("loss_fen", "refused_fen", "open_fen", "amount_fen"))
    assert amounts == (10_000, 3_000, 2_000, 5_000)
    assert li.post(f"{path}/previews", {"refused": [2], "open": [2]}).status_code == 422
    assert li.post(f"{path}/previews", {"open": [7]}).status_code == 422
    said = [
        {"line": 0, "accepted": True},
        {
            "line": 1,
            "accepted": False,
            "clause": WHY.clause,
            "reasons_zh": WHY.reasons_zh,
            "reasons_en": WHY.reasons_en,
        },
        {"line": 2, "accepted": False, "open": True, "reasons_zh": OPEN.reasons_zh, "reasons_en": OPEN.reasons_en},
    ]
    body = {"outcome": "approve", "transfers": said}
    reply = li.post(f"{path}/decisions", body, headers={"If-Match": li.get(path).headers["ETag"]})
    assert (reply.status_code, reply.json["amount_fen"]) == (201, seen["amount_fen"]), reply.text
    assert reply.json["told"][0]["code"] == "approved_undisputed_part"


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        (verdict(replace(OPEN, line=0), replace(OPEN, line=1), OPEN), ["/transfers"]),
        (verdict(replace(OPEN, line=0), WHY, OPEN), ["/transfers"]),
        (verdict(accepted(0), accepted(1), replace(OPEN, reasons_en=None)), ["/transfers/2/reasons_en"]),
        (verdict(accepted(0), accepted(1), replace(OPEN, reasons_zh="No slip.")), ["/transfers/2/reasons_zh"]),
        (verdict(accepted(0), accepted(1), replace(OPEN, accepted=True)), ["/transfers/2/open"]),
        (verdict(accepted(0), accepted(1), replace(OPEN, clause="transfer_not_proven")), ["/transfers/2/open"]),
    ],
)
def test_what_stays_open_says_why_and_something_is_accepted(world: World, said: Verdict, pointers: list[str]) -> None:
    first = three(world)
    with pytest.raises(InvalidFields) as wrong:
        say(world, first.claim_id, said)
    assert [each.pointer for each in wrong.value.faults] == pointers
    assert world.rows("SELECT count(*) FROM claims") == [(1,)]


def test_a_claim_that_tells_no_transfers_is_told_the_way_on(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim.claim_id, verdict(replace(OPEN, line=0)))
    (fault,) = wrong.value.faults
    assert fault.pointer == "/transfers"
    assert "/amendments" in fault.fix


def test_nothing_is_split_before_the_time_for_undoing_is_over_and_then_once(world: World) -> None:
    first = three(world)
    for undone in (True, False):
        with world.database.transaction() as tx:
            act(
                tx,
                first.claim_id,
                SPLIT,
                by=Actor(reviewer="reviewer-li", senior=False, lowest=UNBOUNDED),
                undo_for=MINUTE,
                show=lambda row: row,
                require_match=lambda _: None,
                personal_data=world.personal_data,
                now=NOW,
            )
        assert world.rows("SELECT count(*) FROM claims") == [(1,)]
        assert world.rows("SELECT count(*) FROM transfer_verdicts") == [(0,)]
        if undone:
            with world.database.transaction() as tx:
                undo(tx, first.claim_id, "reviewer-li", now=NOW)
    barrier = threading.Barrier(2)

    def worker() -> None:
        barrier.wait()
        let_take_effect(world.database, world.personal_data, Then(NOW + 2 * MINUTE), lowest=UNBOUNDED)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(worker) for _ in range(2)]:
            each.result()
    off(world, first.claim_id)
    assert world.rows("SELECT count(*) FROM claims") == [(2,)]


def test_two_who_decide_at_one_moment_split_once(world: World) -> None:
    first = three(world)
    barrier = threading.Barrier(2)

    def decide(reviewer: str) -> object:
        barrier.wait()
        try:
            return say(world, first.claim_id, SPLIT, reviewer=reviewer)
        except NoOpenReview as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        told = [each.result() for each in [pool.submit(decide, f"reviewer-{name}") for name in ("li", "wang")]]
    assert sorted(type(each).__name__ for each in told) == ["DecisionRow", "NoOpenReview"]
    assert world.rows("SELECT count(*) FROM claims") == [(2,)]
    sound(world)


def test_a_transaction_that_ends_half_way_leaves_the_claim_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a split is one transaction, so whoever is killed in it leaves nothing of it."""
    first = three(world)
    before = world.rows("SELECT c::text FROM claims AS c")
    transfers = world.rows("SELECT t::text FROM transfers AS t ORDER BY line")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_transfers, "move", killed)
    with pytest.raises(KeyboardInterrupt):
        say(world, first.claim_id, SPLIT)
    assert world.rows("SELECT c::text FROM claims AS c") == before
    assert world.rows("SELECT t::text FROM transfers AS t ORDER BY line") == transfers
    for table in ("reservations", "transfer_verdicts"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert [each["outcome"] for each in world.events("claims.decided")] == ["review"]


def test_two_persons_split_what_one_of_them_proposed(world: World, caller: Callers) -> None:
    first = three(world)
    row = say(world, first.claim_id, SPLIT, lowest=NOTHING)
    assert isinstance(row, ProposalRow)
    assert world.rows("SELECT count(*) FROM claims") == [(1,)]
    (shown,) = caller("reviewer-wang").get(f"/v1/reviews/{first.claim_id}").json["proposals"]
    assert [each["open"] for each in shown["transfers"]] == [False, False, True]
    give(world, "reviewer-wang")
    decision = confirm(world, row)
    assert (decision.amount_fen, decision.refused_fen) == (5_000 * YUAN, 3_000 * YUAN)
    second = off(world, first.claim_id)
    assert second.split_by == decision.decision_id


def test_no_person_approves_in_parts_what_takes_two(world: World, caller: Callers) -> None:
    alone = Authority(pays_up_to_fen=Fen(6_000 * YUAN), claims_up_to_fen=LOWEST.claims_up_to_fen)
    first = three(world)
    assert isinstance(say(world, first.claim_id, SPLIT, lowest=alone), DecisionRow)
    second = in_person(world, off(world, first.claim_id))
    proposed = say(world, second.claim_id, verdict(accepted(2)), lowest=alone)
    assert isinstance(proposed, ProposalRow)
    queue, wang = "/v1/reviews?to_confirm=true", caller("reviewer-wang")
    give(world, "reviewer-wang")
    assert [each["claim_id"] for each in wang.get(queue).json["items"]] == [second.claim_id]
    give(world, "reviewer-wang", alone)
    assert wang.get(queue).json["items"] == []
    with pytest.raises(AboveAuthority):
        confirm(world, proposed)


def test_who_decided_on_the_whole_does_not_decide_the_appeal_in_a_part_of_it(world: World) -> None:
    first = three(world)
    world.review(first.claim_id, "refuse", reviewer="reviewer-li")
    for state in ("appealed",):
        world.rows(
            f"UPDATE claims SET state = '{state}', version = version + 1, round = 2, appealed = true "
            f"WHERE claim_id = '{first.claim_id}' RETURNING 1"
        )
    assert world.decide(world.claim(first.claim_id), claim_round=2) == "review"
    say(world, first.claim_id, SPLIT, reviewer="reviewer-wang")
    second = in_person(world, off(world, first.claim_id))
    with pytest.raises(AnotherPersonDecides):
        world.review(second.claim_id, "approve", reviewer="reviewer-li")
    with world.database.transaction() as tx:
        leases.give_back(tx, second.claim_id)
    with pytest.raises(NothingWaits), world.database.transaction() as tx:
        take_next(tx, "reviewer-li", senior=False, now=NOW)
    assert world.review(second.claim_id, "approve", reviewer="reviewer-wang") == "approved"


def test_a_claim_that_repeats_a_transfer_of_either_is_told_which_has_it(world: World) -> None:
    here, there = two_policies(world)
    first = three(world, here)
    say(world, first.claim_id, SPLIT)
    second = off(world, first.claim_id)
    third = claimed(world, there, transfer("R2", minutes=40, yuan=2_000), later=10)
    assert world.decide(third) == "refusal_proposed"
    assert world.rows(f"SELECT failures -> 0 ->> 'claim_id' FROM decisions WHERE claim_id = '{third.claim_id}'") == [
        (second.claim_id,)
    ]
    fourth = claimed(world, there, transfer("R0", yuan=5_000), later=20)
    assert world.decide(fourth) == "refusal_proposed"


def test_what_was_split_off_goes_the_way_of_any_claim(world: World, caller: Callers) -> None:
    """Documents come, money comes back, it is split once more, and the rest is refused."""
    first = three(world)
    say(world, first.claim_id, REST_OPEN)
    second = in_person(world, off(world, first.claim_id))
    with world.database.transaction() as tx:
        add_documents(tx, second.claim_id, [evidence("transfer_record")], tenant="mobile-backend", now=NOW + MINUTE)
        back = CameBack(kind="police", amount_fen=Fen(500 * YUAN), came_at=NOW)
        tell_recovery(tx, second.claim_id, back, tenant="mobile-backend", now=NOW + MINUTE)
    waiting = world.claim(second.claim_id)
    if waiting.state == "filed":
        in_person(world, waiting)
    row = say(world, second.claim_id, verdict(accepted(1), OPEN))
    assert row.amount_fen == 2_700 * YUAN
    last = in_person(world, off(world, second.claim_id))
    assert (last.split_root, last.amount_fen, last.recovered_fen) == (first.claim_id, 2_000 * YUAN, 200 * YUAN)
    assert world.review(last.claim_id, "refuse") == "refused"
    assert caller("mobile-backend").get(f"/v1/claims/{last.claim_id}").json["split_from"]["claim_id"] == second.claim_id
    sound(world)


def test_it_is_forgotten_with_its_person(world: World, caller: Callers) -> None:
    insured = insure(world, product())
    first = three(world, insured)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    world.review(second.claim_id, "approve")
    take(world, PoliciesErased(policy_ids=[insured.policy_id], erased_at=NOW))
    assert world.rows("SELECT count(*) FROM transfers WHERE reference IS NOT NULL") == [(0,)]
    with world.database.transaction() as tx:
        assert [each.find(tx) for each in FORGOTTEN] == [[]]
    shown = caller("mobile-backend").get(f"/v1/claims/{second.claim_id}").json["split_from"]["transfers"]
    assert shown[0]["reasons"][0]["code"] == "reasons_erased"


def test_the_database_takes_one_split_of_a_decision_and_nothing_half_split(world: World) -> None:
    first = three(world)
    say(world, first.claim_id, SPLIT)
    other = world.file(world.covered())
    second = off(world, first.claim_id)

    def change(what: str) -> Any:
        return world.rows(f"UPDATE claims SET {what} WHERE claim_id = '{other.claim_id}' RETURNING 1")

    split = f"split_from = '{first.claim_id}', split_root = '{first.claim_id}'"
    with pytest.raises(psycopg2.errors.UniqueViolation, match="one_split_per_decision"):
        change(f"{split}, split_by = '{second.split_by}'")
    with pytest.raises(psycopg2.errors.CheckViolation, match="split_off_a_claim_by_a_decision"):
        change(split)
    with pytest.raises(psycopg2.errors.CheckViolation, match="what_stays_open_is_not_accepted"):
        world.rows("UPDATE transfer_verdicts SET open = true WHERE accepted RETURNING 1")
