"""A claim from its filing to its decision, on a real PostgreSQL."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.decisions.usecases.adjudicate import adjudicate
from services.fraud_detection.decisions.usecases.opinions import Champion
from services.fraud_detection.models.domain.features import FEATURES
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField, InvalidFields
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import (
    NOW,
    Doubt,
    Person,
    World,
    adjudicator,
    champion,
    complete,
    evidence,
    no_champion,
    own_account,
)


def test_an_honest_claim_is_approved_and_its_limit_reserved(world: World) -> None:
    claim = world.file(world.covered())
    assert world.decide(claim) == "approved"
    assert world.claim(claim.claim_id).state == "approved"
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(1_440_000,)]
    (event,) = world.events("claims.decided")
    assert event["outcome"] == "approved"
    assert event["amount_fen"] == 1_440_000
    assert event["version"] == 2
    assert event["model_id"] == Doubt.model_id
    assert event["decided_by"] == "rules_and_model"
    assert event["rule_version"] == "cover-10"


def test_money_waits_for_the_recovery_wait_after_the_police_report(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim)
    ((payable_from,),) = world.rows("SELECT payable_from FROM decisions")
    assert payable_from == claim.reported_at + timedelta(days=3)


def test_a_claim_decided_after_the_recovery_wait_is_payable_at_once(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, now=NOW + timedelta(days=10))
    assert world.rows("SELECT payable_from FROM decisions") == [(NOW + timedelta(days=10),)]


def test_the_same_submission_twice_gives_one_decision(world: World) -> None:
    claim = world.file(world.covered())
    assert world.decide(claim) == "approved"
    assert world.decide(claim) is None
    assert world.rows("SELECT count(*) FROM decisions") == [(1,)]
    assert len(world.events("claims.decided")) == 1


def test_two_workers_with_the_same_submission_give_one_decision(world: World) -> None:
    claim = world.file(world.covered())
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: world.decide(claim), range(4)))
    assert sorted(outcomes, key=str) == [None, None, None, "approved"]


def test_two_claims_decided_at_once_reserve_one_limit_once(world: World) -> None:
    person = world.covered()
    first = world.file(person, amount_fen=5_000_000)
    # Another loss of the same policy, unlike the first, so that the limit alone stands between the two.
    later = LOSS + timedelta(days=5)
    second = world.file(
        person,
        amount_fen=6_000_000,
        occurred_at=later,
        discovered_at=later,
        reported_at=later,
        now=NOW + timedelta(days=5),
    )
    together = threading.Barrier(2)

    def decide(claim: Claim) -> str | None:
        together.wait()
        return world.decide(claim)

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(str(outcome) for outcome in pool.map(decide, [first, second]))
    assert outcomes == ["approved", "refusal_proposed"]
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(5_000_000,)]


def test_claims_of_two_persons_on_one_policy_never_take_more_than_its_limit(world: World) -> None:
    """The lock by person does not help here: the conditional update alone keeps the limit."""
    person = world.covered()
    strangers = [world.person() for _ in range(6)]
    filed = [
        world.file(Person(person.policy_id, stranger.document_number, stranger.phone), amount_fen=2_000_000)
        for stranger in strangers
    ]
    for claim in filed:
        assert world.decide(claim) == "refusal_proposed"  # none of them is the insured
    together = threading.Barrier(len(filed))

    def approve(claim: Claim) -> str:
        together.wait()
        try:
            return world.review(claim.claim_id, "approve", clause=None, reasons="情况属实。")
        except Exception as error:  # noqa: BLE001  which refusal it is does not matter here
            return type(error).__name__

    with ThreadPoolExecutor(len(filed)) as pool:
        outcomes = list(pool.map(approve, filed))
    ((reserved,),) = world.rows("SELECT reserved_fen FROM limit_use")
    ((approved,),) = world.rows("SELECT sum(amount_fen) FROM decisions WHERE outcome = 'approved'")
    assert reserved == approved == 5_000_000
    assert outcomes.count("approved") == 3


def test_the_second_of_two_claims_on_one_loss_names_the_first(world: World) -> None:
    person = world.covered()
    first = world.file(person)
    second = world.file(person, tenant="bank-app", evidence=complete(), now=NOW + timedelta(hours=1))
    assert world.decide(first) == "approved"
    assert world.decide(second) == "refusal_proposed"
    event = world.events("claims.decided")[1]
    assert event["reason_codes"] == ["duplicate_loss"]
    ((failures,),) = world.rows(f"SELECT failures FROM decisions WHERE claim_id = '{second.claim_id}'")
    assert failures[0]["claim_id"] == first.claim_id


def test_the_same_loss_filed_twice_at_one_moment_is_paid_once(world: World) -> None:
    person = world.covered()
    filed = [world.file(person) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(str(outcome) for outcome in pool.map(world.decide, filed))
    assert outcomes == ["approved", "refusal_proposed", "refusal_proposed", "refusal_proposed"]


def test_a_claim_that_is_stored_late_still_meets_the_one_that_is_being_approved(world: World) -> None:
    """The one filed first commits last: only waiting for the person's other decision shows that the loss is paid."""
    person = world.covered()
    second = world.file(person, now=NOW)
    submitted = ClaimSubmitted(claim_id=second.claim_id, round=1, policy_id=person.policy_id, submitted_at=NOW)
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            assert adjudicate(tx, [submitted], by=adjudicator(), now=NOW) == {second.claim_id: "approved"}
            first = world.file(person, now=NOW - timedelta(hours=1))
            deciding = pool.submit(world.decide, first)
            wait([deciding], timeout=1)
        assert deciding.result(timeout=60) == "refusal_proposed"


@pytest.mark.parametrize(
    ("find_champion", "why"),
    [(no_champion, "no_model"), (champion(0.9), "score"), (champion(math.nan), "scorer_failed")],
)
def test_doubt_or_no_model_goes_to_a_person_and_pays_nothing(world: World, find_champion: object, why: str) -> None:
    claim = world.file(world.covered())
    assert world.decide(claim, by=find_champion) == "review"  # type: ignore[arg-type]
    assert world.rows("SELECT why, amount_fen FROM decisions") == [(why, 0)]
    assert world.rows("SELECT kind FROM reviews WHERE closed_at IS NULL") == [("review",)]
    assert world.rows("SELECT count(*) FROM limit_use") == [(0,)]


def test_a_scorer_that_breaks_sends_the_claim_to_a_person(world: World) -> None:
    def broken(_tx: Tx) -> Champion | None:
        raise RuntimeError("the model's file is damaged")

    claim = world.file(world.covered())
    assert world.decide(claim, by=broken) == "review"
    assert world.rows("SELECT why, model_id FROM decisions") == [("scorer_failed", None)]


def test_a_database_that_breaks_under_the_scorer_is_not_taken_for_a_decision(world: World) -> None:
    def away(_tx: Tx) -> Champion | None:
        raise psycopg2.OperationalError("the server closed the connection")

    claim = world.file(world.covered())
    with pytest.raises(psycopg2.OperationalError):
        world.decide(claim, by=away)
    assert world.claim(claim.claim_id).state == "filed"


def test_what_was_scored_is_stored_with_the_claim(world: World) -> None:
    seen: list[tuple[float, ...]] = []

    class Watching(Doubt):
        def score(self, vectors: Sequence[tuple[float, ...]], /) -> Sequence[Doubt]:
            seen.extend(vectors)
            return super().score(vectors)

    claim = world.file(world.covered())
    world.decide(claim, by=lambda _tx: Watching(0.1))
    ((names, vector),) = world.rows("SELECT names, vector FROM claim_features")
    assert tuple(names) == FEATURES
    assert array("d", vector).tobytes() == array("d", seen[0]).tobytes()
    assert any(math.isnan(value) for value in vector)


def test_features_count_what_the_ring_shares(world: World) -> None:
    first, second, third = world.covered(), world.covered(), world.covered()
    file = evidence("chat_record", "the same chat")
    for person in (first, second):
        world.file(
            person,
            handler_id="agent-7",
            payee_token=own_account(third),
            evidence=(*complete(), file),
            now=NOW - timedelta(minutes=5),
        )
    claim = world.file(third, handler_id="agent-7", evidence=(*complete(), file))
    world.decide(claim)
    ((snapshot,),) = world.rows("SELECT snapshot FROM claim_features")
    assert snapshot["payee_claims"] == snapshot["payee_persons"] == 2
    assert snapshot["device_claims"] == snapshot["device_persons"] == 2
    assert snapshot["handler_claims"] == snapshot["handler_persons"] == 2
    assert snapshot["evidence_seen_elsewhere"] == 1
    assert snapshot["person_claims"] == 0


def test_old_claims_leave_the_windows(world: World) -> None:
    first, second = world.covered(), world.covered()
    world.file(first, payee_token=own_account(second), now=NOW)
    claim = world.file(second, now=NOW + timedelta(days=31))
    world.decide(claim, now=NOW + timedelta(days=31))
    ((snapshot,),) = world.rows("SELECT snapshot FROM claim_features")
    assert snapshot["device_claims"] == 0
    assert snapshot["payee_claims"] == 1


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        ("9001", "approved"),
        ("9002", "review"),
        ("9003", "refusal_proposed"),
        ("9004", "documents_requested"),
        ("9005", "refusal_proposed"),
    ],
)
def test_a_test_phone_forces_its_outcome_whatever_the_model_says(world: World, ends: str, outcome: str) -> None:
    claim = world.file(world.covered(ends))
    assert world.decide(claim, by=champion(0.99)) == outcome


def test_a_forced_approval_needs_no_model_but_the_cover(world: World) -> None:
    person = world.covered("9001")
    assert world.decide(world.file(person), by=no_champion) == "approved"
    outside = world.file(person, scam_type="illegal_online", amount_fen=77)
    assert world.decide(outside, by=no_champion) == "refusal_proposed"


def test_a_claim_whose_terms_have_not_arrived_waits_for_them(world: World) -> None:
    person = world.covered()
    world.rows("DELETE FROM products RETURNING 1")
    claim = world.file(person)
    world.run_timers()
    assert world.claim(claim.claim_id).state == "waiting_for_policy"
    world.publish()
    world.run_timers()
    assert world.decide(claim) == "approved"


def test_a_submission_of_no_claim_of_ours_is_no_decision(world: World, database: Database) -> None:
    submitted = ClaimSubmitted(claim_id=new_id(), round=1, policy_id=new_id(), submitted_at=NOW)
    with pytest.raises(UnknownClaim), database.transaction() as tx:
        adjudicate(tx, [submitted], by=adjudicator(), now=NOW)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"discovered_at": LOSS - timedelta(seconds=1)}, "/loss/discovered_at"),
        ({"reported_at": LOSS}, "/loss/reported_at"),
        ({"reported_at": NOW + timedelta(days=1)}, "/loss/reported_at"),
        ({"occurred_at": START - timedelta(days=366 * 21)}, "/loss/occurred_at"),
    ],
)
def test_a_claim_that_contradicts_itself_names_the_field(world: World, changes: dict[str, Any], pointer: str) -> None:
    person = world.covered()
    with pytest.raises(InvalidFields) as refused:
        world.file(person, **changes)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_a_channels_clock_may_be_five_minutes_ahead_and_no_more(world: World) -> None:
    edge = NOW + timedelta(minutes=5)
    photo = replace(evidence("police_receipt"), captured_at=edge)
    world.file(world.covered(), reported_at=edge, evidence=(photo,))

    beyond = edge + timedelta(seconds=1)
    with pytest.raises(InvalidFields) as refused:
        world.file(world.covered(), reported_at=beyond, evidence=(replace(photo, captured_at=beyond),))
    assert [fault.pointer for fault in refused.value.faults] == ["/loss/reported_at", "/evidence/0/captured_at"]


def test_a_wrong_document_number_names_the_field_and_never_the_number(world: World) -> None:
    person = world.covered()
    wrong = Person(person.policy_id, "110101199003070000", person.phone)
    with pytest.raises(InvalidField) as refused:
        world.file(wrong)
    assert refused.value.pointer == "/claimant/document_number"
    assert wrong.document_number not in str(refused.value)


def test_a_residents_words_are_not_kept_in_clear(world: World) -> None:
    world.file(world.covered())
    ((description,),) = world.rows("SELECT description FROM claims")
    assert "平台客服".encode() not in description
