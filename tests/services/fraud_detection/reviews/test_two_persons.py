"""What is above one person's authority waits for a second one: nothing is paid or told before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg2
import pytest

from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.usecases.change_claim import name_payee
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import (
    AboveAuthority,
    AnotherPersonConfirms,
    AnotherPersonDecides,
    NoOpenReview,
    NoProposal,
    NothingWaits,
    ProposalOutdated,
    ProposalWaits,
)
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import assignments, proposals, reviewers
from services.fraud_detection.reviews.store.assignments import AssignmentRow
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.store.reviewers import ReviewerRow
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.confirm_proposal import confirm_proposal, send_back
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from services.fraud_detection.reviews.usecases.hold_case import take_next
from services.fraud_detection.reviews.usecases.set_authority import remove_authority, set_authority
from services.fraud_detection.reviews.usecases.undo_decision import act, let_take_effect
from shared.db import audit
from shared.events.policies import PoliciesErased
from shared.values.ids import ClaimId
from shared.values.money import Fen
from tests.services.fraud_detection.builders import NOW, Caller, Then, World, champion, complete, take

Callers = Callable[[str], Caller]
LARGE: Final = Fen(3_000_000)
MINUTE: Final = timedelta(minutes=1)
ENOUGH: Final = Authority(pays_up_to_fen=Fen(5_000_000), claims_up_to_fen=Fen(50_000_000))
APPROVAL: Final = Verdict(
    outcome="approve", clause=None, reasons_zh="证据齐全。", reasons_en="All papers are there.", finding=None
)


def waiting(world: World, amount_fen: int = LARGE) -> ClaimId:
    claim = world.file(world.covered(), amount_fen=Fen(amount_fen))
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def approve(
    world: World, claim_id: ClaimId, reviewer: str = "reviewer-li", lowest: Authority = LOWEST
) -> DecisionRow | ProposalRow:
    with world.database.transaction() as tx:
        return decide_review(
            tx,
            claim_id,
            APPROVAL,
            reviewer=reviewer,
            lowest=lowest,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=NOW,
        )


def proposed(world: World, claim_id: ClaimId, reviewer: str = "reviewer-li", lowest: Authority = LOWEST) -> ProposalRow:
    row = approve(world, claim_id, reviewer, lowest)
    assert isinstance(row, ProposalRow)
    return row


def give(world: World, person: str, authority: Authority = ENOUGH) -> None:
    with world.database.transaction() as tx:
        set_authority(tx, person, authority, supervisor="director-chen", now=NOW)


def confirm(world: World, proposal: ProposalRow, reviewer: str = "reviewer-wang") -> DecisionRow:
    with world.database.transaction() as tx:
        return confirm_proposal(
            tx,
            proposal.claim_id,
            proposal.proposal_id,
            reviewer=reviewer,
            lowest=LOWEST,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=NOW,
        )


def back(world: World, proposal: ProposalRow, reviewer: str = "reviewer-wang", note: str = "请再核对转账。") -> None:
    with world.database.transaction() as tx:
        send_back(
            tx,
            proposal.claim_id,
            proposal.proposal_id,
            note,
            reviewer=reviewer,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=NOW,
        )


def slug(reply: Any) -> str:
    return str(reply.json["type"]).rpartition("/")[2]


@pytest.mark.parametrize(
    ("paid", "claimed", "within"),
    [(100, 200, True), (101, 200, False), (100, 201, False), (0, 0, True)],
)
def test_an_approval_is_within_an_authority_by_what_it_pays_and_what_was_claimed(
    paid: int, claimed: int, *, within: bool
) -> None:
    authority = Authority(pays_up_to_fen=Fen(100), claims_up_to_fen=Fen(200))
    assert authority.covers(pays_fen=Fen(paid), claimed_fen=Fen(claimed)) is within


def test_an_approval_up_to_the_lowest_authority_is_one_persons(world: World) -> None:
    assert isinstance(approve(world, waiting(world, LOWEST.pays_up_to_fen)), DecisionRow)


def test_a_larger_one_waits_and_nothing_is_paid_held_or_told(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    told = len(world.events("claims.decided"))
    row = proposed(world, claim_id)
    assert (row.amount_fen, row.proposed_by) == (LARGE, "reviewer-li")
    assert world.claim(claim_id).state == "in_review"
    assert len(world.events("claims.decided")) == told
    assert world.rows("SELECT count(*) FROM reservations") == [(0,)]
    seen = caller("mobile-backend").get(f"/v1/claims/{claim_id}").json
    assert (seen["state"], seen["decision"]) == ("in_review", None)
    assert caller("mobile-backend").get(f"/v1/claims/{claim_id}/explanation").json["made_by"] == "nobody"


def test_who_was_given_enough_authority_approves_alone(world: World) -> None:
    give(world, "reviewer-li")
    assert isinstance(approve(world, waiting(world)), DecisionRow)


def test_a_claim_of_more_than_the_persons_claims_takes_two_however_little_is_paid(world: World) -> None:
    give(world, "reviewer-li", Authority(pays_up_to_fen=Fen(9_000_000), claims_up_to_fen=Fen(LARGE - 1)))
    proposed(world, waiting(world))


def test_a_second_person_with_enough_authority_confirms_and_both_stand_in_the_audit_chain(world: World) -> None:
    claim_id = waiting(world)
    row = proposed(world, claim_id)
    give(world, "reviewer-wang")
    decision = confirm(world, row)
    assert (decision.decision_id, decision.amount_fen) == (row.proposal_id, LARGE)
    assert (decision.decided_by, decision.proposed_by) == ("reviewer-wang", "reviewer-li")
    assert world.claim(claim_id).state == "approved"
    event = world.events("claims.decided")[-1]
    assert (event["decision_id"], event["amount_fen"], event["outcome"]) == (row.proposal_id, LARGE, "approved")
    assert "证据齐全" not in str(event)
    assert world.rows("SELECT actor, action FROM audit_log WHERE subject = '" + claim_id + "' ORDER BY number") == [
        ("reviewer-li", "claim.approval_proposed"),
        ("reviewer-wang", "claim.approved"),
    ]
    with world.database.transaction() as tx:
        assert audit.broken_links(tx) == []


def test_nobody_confirms_their_own_proposal_or_above_their_authority(world: World) -> None:
    row = proposed(world, waiting(world))
    give(world, "reviewer-li")
    with pytest.raises(AnotherPersonConfirms):
        confirm(world, row, "reviewer-li")
    with pytest.raises(AboveAuthority):
        confirm(world, row, "reviewer-wang")
    assert world.rows("SELECT count(*) FROM reservations") == [(0,)]


def test_who_decided_an_earlier_round_does_not_confirm_and_both_persons_count_as_deciders(world: World) -> None:
    claim_id = waiting(world)
    give(world, "reviewer-wang")
    give(world, "reviewer-zhao")
    confirm(world, proposed(world, claim_id))
    failed_and_filed_anew(world, claim_id)
    for earlier in ("reviewer-li", "reviewer-wang"):
        with pytest.raises(AnotherPersonDecides):
            approve(world, claim_id, earlier)
    row = proposed(world, claim_id, "reviewer-sun")
    with pytest.raises(AnotherPersonDecides):
        confirm(world, row)
    assert confirm(world, row, "reviewer-zhao").outcome == "approved"


def failed_and_filed_anew(world: World, claim_id: ClaimId) -> None:
    """The bank refused the payment, and the claimant named another account of theirs."""
    for state in ("paying", "payment_failed"):
        world.rows(
            f"UPDATE claims SET state = '{state}', version = version + 1, changed_by = 'payout' "
            f"WHERE claim_id = '{claim_id}' RETURNING 1"
        )
    claim = world.claim(claim_id)
    with world.database.transaction() as tx:
        name_payee(tx, claim_id, claim.payee_token, tenant="mobile-backend", now=NOW)
    assert world.decide(world.claim(claim_id), by=champion(0.9), claim_round=2) == "review"


def test_of_two_who_confirm_at_one_moment_one_has_an_effect(world: World) -> None:
    row = proposed(world, waiting(world))
    persons = ("reviewer-wang", "reviewer-zhao", "reviewer-sun")
    for person in persons:
        give(world, person)
    together = threading.Barrier(len(persons))

    def press(person: str) -> bool:
        together.wait()
        try:
            confirm(world, row, person)
        except NoOpenReview:
            return False
        return True

    with ThreadPoolExecutor(len(persons)) as pool:
        assert sorted(pool.map(press, persons)) == [False, False, True]
    assert world.rows("SELECT count(*), sum(amount_fen) FROM reservations") == [(1, LARGE)]
    assert [each["outcome"] for each in world.events("claims.decided")] == ["review", "approved"]


def test_one_sends_it_back_while_another_confirms_and_one_of_both_holds(world: World) -> None:
    row = proposed(world, waiting(world))
    give(world, "reviewer-zhao")
    together = threading.Barrier(2)

    def press(act: Callable[[], object]) -> bool:
        together.wait()
        try:
            act()
        except (NoOpenReview, NoProposal):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        acts = [lambda: confirm(world, row, "reviewer-zhao"), lambda: back(world, row)]
        confirmed, returned = pool.map(press, acts)
    assert confirmed is not returned
    assert world.rows("SELECT count(*) FROM reservations") == [(int(confirmed),)]


def test_what_is_sent_back_is_decided_anew_with_the_note_in_the_case(world: World, caller: Callers) -> None:
    claim_id = waiting(world)
    row = proposed(world, claim_id)
    back(world, row)
    give(world, "reviewer-zhao")
    with pytest.raises(NoProposal):
        confirm(world, row, "reviewer-zhao")
    (shown,) = caller("reviewer-li").get(f"/v1/reviews/{claim_id}").json["proposals"]
    assert (shown["ending"], shown["ended_by"], shown["note"]) == ("sent_back", "reviewer-wang", "请再核对转账。")
    assert not shown["stands"]
    assert "请再核对转账".encode().hex() not in str(world.rows("SELECT p::text FROM approval_proposals AS p"))
    again = proposed(world, claim_id)
    assert confirm(world, again, "reviewer-zhao").decision_id == again.proposal_id


def test_while_one_waits_nobody_decides_beside_it(world: World) -> None:
    claim_id = waiting(world)
    proposed(world, claim_id)
    for outcome in ("approve", "refuse"):
        with pytest.raises(ProposalWaits):
            world.review(claim_id, outcome, reviewer="reviewer-wang")
    with pytest.raises(ProposalWaits):
        world.ask(claim_id, "chat_record", reviewer="reviewer-wang")


def test_what_changes_the_claim_takes_the_proposal_away(world: World) -> None:
    claim_id = waiting(world)
    row = proposed(world, claim_id)
    give(world, "reviewer-wang")
    with world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="mobile-backend", now=NOW)
    with pytest.raises(NoProposal):
        confirm(world, row)
    again = proposed(world, claim_id)
    assert world.rows("SELECT ending FROM approval_proposals ORDER BY proposal_id") == [("outdated",), (None,)]
    assert confirm(world, again).amount_fen == LARGE


def test_what_others_took_of_the_limit_meanwhile_is_noticed(world: World) -> None:
    person = world.covered()
    claim = world.file(person, amount_fen=LARGE)
    world.decide(claim, by=champion(0.9))
    row = proposed(world, claim.claim_id)
    later = world.file(
        person,
        amount_fen=Fen(4_000_000),
        occurred_at=NOW - timedelta(days=10),
        discovered_at=NOW - timedelta(days=10),
        reported_at=NOW - timedelta(days=10) + timedelta(hours=1),
    )
    world.decide(later, by=champion(0.9))
    assert world.review(later.claim_id, "approve", reviewer="reviewer-sun") == "approved"
    give(world, "reviewer-wang")
    with pytest.raises(ProposalOutdated):
        confirm(world, row)
    back(world, row)
    assert isinstance(approve(world, claim.claim_id), DecisionRow)


def test_the_next_case_with_a_proposal_goes_to_who_may_confirm_it(world: World) -> None:
    claim_id = waiting(world)
    proposed(world, claim_id)
    give(world, "reviewer-zhao")

    def next_of(person: str) -> ClaimId:
        with world.database.transaction() as tx:
            return take_next(tx, person, senior=False, now=NOW)[0].claim_id

    for unable in ("reviewer-li", "reviewer-wang"):
        with pytest.raises(NothingWaits):
            next_of(unable)
    assert next_of("reviewer-zhao") == claim_id


def test_what_was_assigned_to_the_proposer_is_everybodys_to_confirm(world: World) -> None:
    claim_id = waiting(world)
    with world.database.transaction() as tx:
        reviewers.see(tx, ReviewerRow(reviewer="reviewer-li", senior=False, seen_at=NOW))
        theirs = AssignmentRow(
            claim_id=claim_id,
            round=1,
            assigned_to="reviewer-li",
            assigned_by="director-chen",
            assigned_at=NOW,
            expires_at=NOW + timedelta(days=3),
        )
        assignments.assign(tx, theirs)
    row = proposed(world, claim_id)
    give(world, "reviewer-wang")
    assert confirm(world, row).amount_fen == LARGE


def act_with_time_to_undo(world: World, claim_id: ClaimId) -> datetime | None:
    with world.database.transaction() as tx:
        acted = act(
            tx,
            claim_id,
            APPROVAL,
            by=Actor(reviewer="reviewer-li", senior=False),
            undo_for=MINUTE,
            show=lambda row: row.amount_fen,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=NOW,
        )
    assert acted.shown == LARGE
    return acted.undo_until


def test_a_proposal_waits_for_a_person_and_for_no_time(world: World) -> None:
    claim_id = waiting(world)
    assert act_with_time_to_undo(world, claim_id) is None
    assert world.rows("SELECT count(*) FROM undoable_decisions") == [(0,)]
    ((proposal_id,),) = world.rows("SELECT proposal_id FROM approval_proposals WHERE ended_at IS NULL")
    give(world, "reviewer-wang")
    with world.database.transaction() as tx:
        row = proposals.standing(tx, [claim_id])[claim_id]
    assert confirm(world, row).decision_id == proposal_id


def test_who_may_approve_less_by_the_time_their_approval_takes_effect_has_proposed_it(world: World) -> None:
    claim_id = waiting(world)
    give(world, "reviewer-li")
    assert act_with_time_to_undo(world, claim_id) == NOW + MINUTE
    with world.database.transaction() as tx:
        remove_authority(tx, "reviewer-li", supervisor="director-chen", now=NOW)
    let_take_effect(world.database, world.personal_data, Then(NOW + MINUTE))
    assert world.rows("SELECT proposed_by, amount_fen, ended_at FROM approval_proposals") == [
        ("reviewer-li", LARGE, None)
    ]
    assert world.rows("SELECT count(*) FROM reservations") == [(0,)]


def test_the_whole_way_over_http(world: World, caller: Callers) -> None:
    claim_id, small = waiting(world), waiting(world, 500_000)
    li, wang, chen = caller("reviewer-li"), caller("reviewer-wang"), caller("director-chen")
    path = f"/v1/reviews/{claim_id}"
    match = {"If-Match": li.get(path).headers["ETag"]}
    reply = li.post(f"{path}/decisions", {"outcome": "approve"}, headers=match)
    assert (reply.status_code, reply.json["outcome"]) == (202, "approval_proposed"), reply.text
    proposal_id = reply.json["decision_id"]
    match = {"If-Match": reply.headers["ETag"]}
    body = {"proposal_id": proposal_id}
    refused = wang.post(f"{path}/confirmations", body, headers=match)
    assert (refused.status_code, slug(refused)) == (403, "above-authority")
    assert wang.get("/v1/reviews?to_confirm=true").json["items"] == []
    limits = {"pays_up_to_fen": 5_000_000, "claims_up_to_fen": 10_000_000}
    assert chen.put("/v1/authorities/reviewer-wang", limits).status_code == 200
    assert slug(chen.put("/v1/authorities/director-chen", limits)) == "own-authority"
    assert slug(wang.put("/v1/authorities/reviewer-li", limits)) == "scope-missing"
    listed = wang.get("/v1/authorities").json
    assert [(each["person"], each["set_by"]) for each in listed["items"]] == [("reviewer-wang", "director-chen")]
    assert listed["lowest"] == {"pays_up_to_fen": 2_000_000, "claims_up_to_fen": 10_000_000}
    (item,) = wang.get("/v1/reviews?to_confirm=true").json["items"]
    assert (item["claim_id"], item["proposal"]["amount_fen"]) == (claim_id, LARGE)
    assert li.get("/v1/reviews?to_confirm=true").json["items"] == []
    assert {each["claim_id"] for each in li.get("/v1/reviews").json["items"]} == {claim_id, small}
    confirmed = wang.post(f"{path}/confirmations", body, headers=match)
    assert (confirmed.status_code, confirmed.json["proposed_by"]) == (201, "reviewer-li"), confirmed.text
    assert caller("mobile-backend").get(f"/v1/claims/{claim_id}").json["decision"]["amount_fen"] == LARGE
    assert chen.delete("/v1/authorities/reviewer-wang").status_code == 204
    assert wang.get("/v1/authorities").json["items"] == []
    happened = [each["what"] for each in wang.get(f"/v1/claims/{claim_id}/trace").json["happened"]]
    assert "approval_proposed" in happened
    assert "proposal_confirmed" in happened


def test_the_words_of_a_proposal_are_sealed_and_forgotten_with_their_person(world: World) -> None:
    person = world.covered()
    claim = world.file(person, amount_fen=LARGE)
    world.decide(claim, by=champion(0.9))
    back(world, proposed(world, claim.claim_id))
    row = proposed(world, claim.claim_id)
    kept = "SELECT p::text FROM approval_proposals AS p"
    assert APPROVAL.reasons_zh is not None
    assert APPROVAL.reasons_zh.encode().hex() not in str(world.rows(kept))
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    words = world.rows("SELECT DISTINCT reasons, reasons_en, coalesce(note, '') FROM approval_proposals")
    assert words == [(b"", b"", b"")]
    give(world, "reviewer-wang")
    assert confirm(world, row).amount_fen == LARGE


def test_the_database_takes_no_confirmation_by_the_proposer(world: World) -> None:
    row = proposed(world, waiting(world))
    with pytest.raises(psycopg2.errors.CheckViolation, match="confirmed_by_a_second_person"):
        world.rows(
            "UPDATE approval_proposals SET ending = 'confirmed', ended_by = proposed_by, ended_at = now() RETURNING 1"
        )
    with pytest.raises(psycopg2.errors.UniqueViolation, match="one_open_proposal_per_claim"):
        world.rows(
            "INSERT INTO approval_proposals SELECT gen_random_uuid(), claim_id, round, version, 'x', proposed_at,"
            " amount_fen, deductible_fen, event_deductible_fen FROM approval_proposals RETURNING 1"
        )
    with world.database.transaction() as tx:
        assert proposals.standing(tx, [row.claim_id])[row.claim_id].proposal_id == row.proposal_id


def test_the_database_takes_no_decision_proposed_by_its_decider_and_no_authority_of_ones_own(world: World) -> None:
    give(world, "reviewer-wang")
    confirm(world, proposed(world, waiting(world)))
    with pytest.raises(psycopg2.errors.CheckViolation, match="proposed_by_another_person"):
        world.rows("UPDATE decisions SET proposed_by = decided_by RETURNING 1")
    with pytest.raises(psycopg2.errors.CheckViolation, match="nobody_sets_their_own_authority"):
        world.rows("UPDATE authorities SET set_by = person RETURNING 1")
