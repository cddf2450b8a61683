"""Whose turn it is: the order of the queue, and what becomes of who acts on what they read before it changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import psycopg2
import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import ClaimChanged
from services.fraud_detection.coverage.store import coverage_rows, erased_policies
from services.fraud_detection.decisions.store import other_claims, turns
from services.fraud_detection.erasure.usecases.erase_policies import erase, erase_the_rest
from services.fraud_detection.filing.usecases.complete_claim import appeal
from services.fraud_detection.reviews.domain.errors import NoOpenReview
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from tests import clock
from tests.rules.fraud_detection.builders import OTHER_PERSON, PERSON
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, finding

LATER = NOW + timedelta(hours=1)


def in_review(world: World) -> ClaimId:
    claim = world.file(world.covered())
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def appealed(world: World, claim_id: ClaimId) -> None:
    """The resident appeals."""
    with world.database.transaction() as tx:
        appeal(tx, claim_id, "我没有参与。", tenant="mobile-backend", personal_data=world.personal_data, now=NOW)


def test_who_has_waited_longest_for_a_person_is_first_in_the_queue(
    world: World, caller: Callable[[str], Caller]
) -> None:
    first, second, third, fourth = (world.file(world.covered()) for _ in range(4))
    for claim, since in ((fourth, LATER), (first, LATER), (third, NOW), (second, LATER)):
        world.decide(claim, by=champion(0.9), now=since)

    seen: list[str] = []
    page = caller("reviewer-li").get("/v1/reviews?limit=1").json
    while page["next_cursor"] is not None:
        seen += [item["claim_id"] for item in page["items"]]
        page = caller("reviewer-li").get(f"/v1/reviews?limit=1&cursor={page['next_cursor']}").json
    seen += [item["claim_id"] for item in page["items"]]

    assert seen == [claim.claim_id for claim in (third, first, second, fourth)]


def test_who_decides_on_a_person_decides_alone_on_that_one_and_beside_who_decides_on_another(world: World) -> None:
    with world.database.transaction() as tx, world.database.transaction() as other:
        turns.one_at_a_time(tx, [PERSON])
        other.execute("SET LOCAL lock_timeout = '2s'")
        turns.one_at_a_time(other, [OTHER_PERSON])
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            turns.one_at_a_time(other, [PERSON])


def test_the_end_of_an_appeal_leaves_the_end_of_the_first_review_as_it_was(world: World) -> None:
    claim_id = in_review(world)
    world.review(claim_id, "refuse")
    appealed(world, claim_id)
    world.decide(world.claim(claim_id), claim_round=2)
    world.review(claim_id, "approve", reviewer="reviewer-wang", clause=None, reasons=None, now=LATER)

    assert world.rows("SELECT closed_at FROM reviews ORDER BY round") == [(NOW,), (LATER,)]


def test_the_queue_shows_of_an_appeal_what_the_machine_said_and_knew_last(
    world: World, caller: Callable[[str], Caller]
) -> None:
    claim_id = in_review(world)
    world.review(claim_id, "refuse")
    appealed(world, claim_id)
    world.file(world.covered(), payee_token=world.claim(claim_id).payee_token)  # another person, the same account
    world.decide(world.claim(claim_id), claim_round=2, by=champion(0.5))

    (item,) = caller("reviewer-li").get("/v1/reviews").json["items"]
    assert (item["score"], item["similar"]["payee_persons"]) == (0.5, 1)
    case = caller("reviewer-li").get(f"/v1/reviews/{claim_id}").json
    assert [(each["outcome"], each["score"]) for each in case["decisions"]] == [
        ("review", 0.9),
        ("refused", 0.9),
        ("review", 0.5),
    ]


def test_of_a_claim_that_was_refused_and_then_approved_the_approval_counts(world: World) -> None:
    person = world.covered()
    claim = world.file(person)
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    appealed(world, claim.claim_id)
    world.decide(world.claim(claim.claim_id), claim_round=2)
    world.review(claim.claim_id, "approve", reviewer="reviewer-wang", clause=None, reasons=None)

    with world.database.transaction() as tx:
        claim = world.file(person)
        (other,) = other_claims.of_claims(tx, [claim], {claim.claim_id: [person.policy_id]})[claim.claim_id]
    assert (other.approved, other.approved_fen) == (True, 1_440_000)


def test_of_two_persons_who_decide_a_claim_at_once_the_second_is_told_that_it_is_decided(world: World) -> None:
    claim_id = in_review(world)

    def decide(tx: Tx, reviewer: str) -> None:
        decide_review(
            tx,
            claim_id,
            Verdict(
                outcome="refuse",
                clause=None,
                reasons_zh="与条款不符。",
                reasons_en="It does not fit.",
                finding=finding("own_crime"),
            ),
            reviewer=reviewer,
            require_match=lambda _version: None,
            personal_data=world.personal_data,
            now=NOW,
        )

    def decide_too() -> None:
        with world.database.transaction() as tx:
            decide(tx, "reviewer-wang")

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            decide(tx, "reviewer-li")
            second = pool.submit(decide_too)
            wait([second], timeout=1)
        with pytest.raises(NoOpenReview):
            second.result(timeout=60)


@pytest.mark.parametrize(
    "act",
    [
        lambda tx, claim: claims.step(tx, claim, "in_review", now=NOW, by="somebody"),
        claims.touch,
        lambda tx, claim: claims.name_event(tx, claim, "flood-7"),
        lambda tx, claim: claims.step_many(tx, [claims.Step(claim, "in_review", "somebody")], now=NOW),
    ],
    ids=["step", "touch", "name_event", "step_many"],
)
def test_nothing_is_written_to_a_claim_that_changed_since_it_was_read(
    world: World, act: Callable[[Tx, Claim], object]
) -> None:
    read = world.file(world.covered())
    with world.database.transaction() as tx:
        claims.touch(tx, read)
    changed = world.claim(read.claim_id)

    with pytest.raises(ClaimChanged), world.database.transaction() as tx:
        act(tx, read)
    assert world.claim(read.claim_id) == changed


def test_a_claim_takes_no_step_from_a_state_in_which_it_is_not(world: World) -> None:
    claim = world.file(world.covered())

    with pytest.raises(ClaimChanged), world.database.transaction() as tx:
        claims.step(tx, replace(claim, state="in_review"), "approved", now=NOW, by="somebody")
    assert world.claim(claim.claim_id) == claim


def test_a_worker_passes_over_the_person_whom_another_forgets(world: World) -> None:
    """Both enrollments come after the erasure of their persons."""
    persons = [world.person() for _ in range(2)]
    ids = [person.policy_id for person in persons]
    with world.database.transaction() as tx:
        erase(tx, ids, erased_at=NOW)
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk(persons)])

    with world.database.transaction() as tx, world.database.transaction() as beside:
        beside.execute("SET LOCAL lock_timeout = '5s'")
        taken = [*erased_policies.take(tx, limit=1), *erased_policies.take(beside, limit=1)]
    assert sorted(taken) == sorted(ids)
    assert not erase_the_rest(world.database, clock.CLOCK)
