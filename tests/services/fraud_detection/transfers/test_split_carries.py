"""What goes along when a claim is split: who must decide it, what was said of it, and what may still be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import NotAppealable
from services.fraud_detection.claims.store import transfers
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.usecases.change_claim import name_payee, withdraw
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.domain.errors import AskedBefore, NothingWaits, SeniorDecides
from services.fraud_detection.reviews.store import leases
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.hold_case import take_next
from services.fraud_detection.reviews.usecases.note_case import escalate, take_escalation_back
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from tests.rules.fraud_detection.builders import product
from tests.services.fraud_detection.builders import NOW, Caller, World, evidence
from tests.services.fraud_detection.filing.test_amendments import amend
from tests.services.fraud_detection.insured import insure
from tests.services.fraud_detection.reviews.test_two_persons import confirm, give
from tests.services.fraud_detection.test_http import slug
from tests.services.fraud_detection.transfers.test_in_part import NOTHING, accepted, say, three, verdict
from tests.services.fraud_detection.transfers.test_split import OPEN, REST_OPEN, SPLIT, in_person, off
from tests.services.fraud_detection.transfers.test_transfers import claimed, transfer

Callers = Callable[[str], Caller]
WORDS: Final = "我没有参与。"


def refused_and_appealed(world: World, claim: Claim, reviewer: str) -> Claim:
    """Refused by this person, appealed, and before a person once more."""
    assert world.review(claim.claim_id, "refuse", reviewer=reviewer) == "refused"
    with world.database.transaction() as tx:
        appeal(tx, claim.claim_id, WORDS, tenant="mobile-backend", personal_data=world.personal_data, now=NOW)
    return in_person(world, world.claim(claim.claim_id))


def free(world: World, claim_id: ClaimId) -> None:
    """As after half an hour."""
    with world.database.transaction() as tx:
        leases.give_back(tx, claim_id)


def next_of(world: World, reviewer: str, *, senior: bool = False) -> ClaimId | None:
    try:
        with world.database.transaction() as tx:
            return take_next(tx, reviewer, senior=senior, now=NOW)[0].claim_id
    except NothingWaits:
        return None


def asked_and_told(world: World, claim: Claim) -> Claim:
    """A person asked for documents, and they came."""
    world.ask(claim.claim_id, "transfer_record")
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("transfer_record")], tenant="mobile-backend", now=NOW)
    return in_person(world, world.claim(claim.claim_id))


def test_what_was_handed_on_is_a_senior_persons_after_the_split_too(world: World, caller: Callers) -> None:
    first = three(world)
    with world.database.transaction() as tx:
        escalate(
            tx,
            first.claim_id,
            "与平台有关的争议。",
            escalated_by="reviewer-li",
            personal_data=world.personal_data,
            now=NOW,
        )
    say(world, first.claim_id, SPLIT, reviewer="director-chen", senior=True)
    second = in_person(world, off(world, first.claim_id))
    free(world, second.claim_id)
    shown = caller("reviewer-li").get(f"/v1/reviews/{second.claim_id}").json["escalation"]
    assert (shown["escalated_by"], shown["reason"]) == ("reviewer-li", "与平台有关的争议。")
    assert next_of(world, "reviewer-wang") is None
    with pytest.raises(SeniorDecides):
        world.review(second.claim_id, "approve", reviewer="reviewer-wang")
    assert next_of(world, "director-chen", senior=True) == second.claim_id
    free(world, second.claim_id)
    with world.database.transaction() as tx:
        take_escalation_back(tx, second.claim_id, reviewer="director-chen", now=NOW)
    assert next_of(world, "reviewer-wang") == second.claim_id


def test_a_case_whose_escalation_was_taken_back_is_anybodys_after_the_split(world: World) -> None:
    first = three(world)
    with world.database.transaction() as tx:
        escalate(tx, first.claim_id, "。", escalated_by="reviewer-li", personal_data=world.personal_data, now=NOW)
        take_escalation_back(tx, first.claim_id, reviewer="director-chen", now=NOW)
    say(world, first.claim_id, SPLIT)
    second = in_person(world, off(world, first.claim_id))
    free(world, second.claim_id)
    assert next_of(world, "reviewer-wang") == second.claim_id


def test_a_part_of_a_last_appeal_is_a_senior_persons_who_reads_the_residents_words(
    world: World, caller: Callers
) -> None:
    first = three(world)
    for reviewer in ("reviewer-li", "reviewer-wang"):
        first = refused_and_appealed(world, first, reviewer)
    say(world, first.claim_id, SPLIT, reviewer="director-chen", senior=True)
    second = in_person(world, off(world, first.claim_id))
    free(world, second.claim_id)
    cases = [caller("director-chen").get(f"/v1/reviews/{each.claim_id}").json for each in (first, second)]
    assert cases[0]["appeals"] == cases[1]["appeals"]
    assert [each["reason"] for each in cases[1]["appeals"]] == [WORDS, WORDS]
    assert cases[1]["open_review"] == "appeal"
    assert world.rows(f"SELECT why FROM decisions WHERE claim_id = '{second.claim_id}'") == [("appeal",)]
    assert next_of(world, "reviewer-zhao") is None
    with pytest.raises(SeniorDecides):
        world.review(second.claim_id, "refuse", reviewer="reviewer-zhao")
    assert world.review(second.claim_id, "refuse", reviewer="director-chen", senior=True) == "refused"
    world.run_timers()
    assert world.claim(second.claim_id).state == "closed"
    with pytest.raises(NotAppealable), world.database.transaction() as tx:
        appeal(tx, second.claim_id, WORDS, tenant="mobile-backend", personal_data=world.personal_data, now=NOW)


def test_a_part_of_an_appealed_claim_is_not_amended_and_has_one_appeal_left(world: World, caller: Callers) -> None:
    first = refused_and_appealed(world, three(world), "reviewer-li")
    say(world, first.claim_id, SPLIT, reviewer="reviewer-wang")
    second = in_person(world, off(world, first.claim_id))
    reply = amend(caller, world, second, {"phone": "13900009999"})
    assert (reply.status_code, slug(reply)) == (409, "amended-too-late")
    refused_and_appealed(world, second, "reviewer-wang")
    assert next_of(world, "reviewer-zhao") is None
    assert next_of(world, "director-chen", senior=True) == second.claim_id


def test_a_part_of_a_claim_that_was_approved_whole_and_not_paid_is_not_amended(world: World, caller: Callers) -> None:
    first = three(world)
    assert world.review(first.claim_id, "approve") == "approved"
    fail_to_pay(world, first.claim_id)
    with world.database.transaction() as tx:
        name_payee(tx, first.claim_id, first.payee_token, tenant="mobile-backend", now=NOW)
    in_person(world, world.claim(first.claim_id))
    say(world, first.claim_id, SPLIT, reviewer="reviewer-wang")
    second = in_person(world, off(world, first.claim_id))
    reply = amend(caller, world, second, {"phone": "13900009999"})
    assert (reply.status_code, slug(reply)) == (409, "amended-too-late")


def test_who_decided_on_the_whole_is_given_no_part_of_a_part(world: World) -> None:
    first = refused_and_appealed(world, three(world), "reviewer-li")
    say(world, first.claim_id, REST_OPEN, reviewer="reviewer-wang")
    second = in_person(world, off(world, first.claim_id))
    say(world, second.claim_id, verdict(accepted(1), OPEN), reviewer="reviewer-wang")
    third = in_person(world, off(world, second.claim_id))
    free(world, third.claim_id)
    assert next_of(world, "reviewer-li") is None
    assert next_of(world, "reviewer-wang") == third.claim_id


def test_documents_are_asked_for_once_of_a_claim_and_its_parts(world: World) -> None:
    first = asked_and_told(world, three(world))
    say(world, first.claim_id, REST_OPEN)
    second = in_person(world, off(world, first.claim_id))
    with pytest.raises(AskedBefore):
        world.ask(second.claim_id, "transfer_record")
    say(world, second.claim_id, verdict(accepted(1), OPEN))
    third = in_person(world, off(world, second.claim_id))
    with pytest.raises(AskedBefore):
        world.ask(third.claim_id, "transfer_record")


def test_a_part_of_a_claim_of_which_nothing_was_asked_may_be_asked_once(world: World) -> None:
    first = three(world)
    say(world, first.claim_id, SPLIT)
    second = asked_and_told(world, in_person(world, off(world, first.claim_id)))
    with pytest.raises(AskedBefore):
        world.ask(second.claim_id, "transfer_record")


def test_the_resident_reads_what_is_open_and_why_while_the_first_claim_is_decided_anew(
    world: World, caller: Callers
) -> None:
    first = three(world)
    say(world, first.claim_id, SPLIT)
    fail_to_pay(world, first.claim_id)
    with world.database.transaction() as tx:
        name_payee(tx, first.claim_id, first.payee_token, tenant="mobile-backend", now=NOW)
    in_person(world, world.claim(first.claim_id))
    shown = caller("mobile-backend").get(f"/v1/claims/{first.claim_id}").json
    assert shown["decision"] is None
    (into,) = shown["split_into"]
    assert [(each["line"], each["open"]) for each in into["transfers"]] == [(2, True)]
    assert [each["text_zh"] for each in into["transfers"][0]["reasons"]] == [OPEN.reasons_zh]


def fail_to_pay(world: World, claim_id: ClaimId) -> None:
    for state in ("paying", "payment_failed"):
        world.rows(
            f"UPDATE claims SET state = '{state}', version = version + 1 WHERE claim_id = '{claim_id}' RETURNING 1"
        )


@pytest.fixture(name="pool")
def _pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.parametrize("persons", [1, 2])
def test_who_splits_and_who_withdraws_another_claim_of_the_policy_do_not_wait_for_each_other(
    world: World, pool: ThreadPoolExecutor, persons: int
) -> None:
    """Who withdraws holds the person's transfers and gives back limits: who splits takes both in that order too."""
    insured = insure(world, product())
    other = claimed(world, insured, transfer("R9", minutes=90, yuan=100))
    assert world.decide(other) == "approved"
    fail_to_pay(world, other.claim_id)
    first = three(world, insured)
    proposal = say(world, first.claim_id, SPLIT, lowest=NOTHING) if persons > 1 else None
    give(world, "reviewer-wang")

    def split() -> object:
        return confirm(world, proposal) if isinstance(proposal, ProposalRow) else say(world, first.claim_id, SPLIT)

    with world.database.transaction() as tx:
        transfers.hold(tx, other.claim_id)
        splitting = pool.submit(split)
        wait_until_it_waits(tx, splitting)
        withdraw(tx, other.claim_id, tenant="mobile-backend", now=NOW)
    row = splitting.result(timeout=60)
    assert isinstance(row, DecisionRow)
    assert world.claim(other.claim_id).state == "withdrawn"
    assert off(world, first.claim_id).split_by == row.decision_id


WAITS: Final = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""


def wait_until_it_waits(tx: Tx, other: Future[object]) -> None:
    """Until the other transaction waits for the person's transfers."""
    while tx.the(WAITS, into=int) == 0:
        assert not other.done(), other.result()
        time.sleep(0.01)
