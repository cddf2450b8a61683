"""A loss that is told anew after its first claim was given up, and a claim that comes back from a person: whoever a
person had to look at is looked at again, so that nobody tries what the machine lets pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.filing.usecases.change_claim import CameBack, tell_recovery, withdraw
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, World, champion, evidence
from tests.services.fraud_detection.insured import at, why
from tests.services.fraud_detection.representing import acting, check, with_mandate
from tests.services.fraud_detection.transfers.test_transfers import claimed, transfer, two_policies

CHANNEL = "mobile-backend"
LATER = timedelta(days=31)
GivesUp = Callable[[World, Claim], None]


def withdrawn(world: World, claim: Claim) -> None:
    with world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=CHANNEL, now=NOW)
    assert world.claim(claim.claim_id).state == "withdrawn"


def withdrawn_once_refused(world: World, claim: Claim) -> None:
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    with world.database.transaction() as tx:
        appeal(tx, claim.claim_id, "请复核。", tenant=CHANNEL, personal_data=world.personal_data, now=NOW)
    withdrawn(world, claim)


def withdrawn_from_review(world: World, claim: Claim) -> None:
    assert world.decide(claim, by=champion(0.9)) == "review"
    withdrawn(world, claim)


def withdrawn_when_its_refusal_was_proposed(world: World, claim: Claim) -> None:
    assert world.decide(claim) == "refusal_proposed"
    withdrawn(world, claim)


def lapsed_when_a_person_asked(world: World, claim: Claim) -> None:
    world.decide(claim, by=champion(0.9))
    world.ask(claim.claim_id, "identity")
    world.run_timers(NOW + LATER)
    assert world.claim(claim.claim_id).state == "lapsed"


def withdrawn_when_the_machine_asked(world: World, claim: Claim) -> None:
    assert world.decide(claim) == "documents_requested"
    withdrawn(world, claim)


@pytest.mark.parametrize("gives_up", [withdrawn_once_refused, withdrawn_from_review, lapsed_when_a_person_asked])
@pytest.mark.parametrize("phone_ends", ["0000", "9001"])
def test_a_loss_that_a_person_had_to_look_at_is_looked_at_again_when_it_is_told_anew(
    world: World, gives_up: GivesUp, phone_ends: str
) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1", yuan=12_000))
    gives_up(world, first)
    phone = there.claimant.phone[:-4] + phone_ends
    again = claimed(world, replace(there, claimant=replace(there.claimant, phone=phone)), transfer("R1", yuan=9_900))
    assert world.decide(again) == "review"
    assert world.rows("SELECT why FROM decisions ORDER BY claim_id DESC, version LIMIT 1") == [
        ("resembles_earlier_claim",)
    ]


def test_a_transfer_that_a_person_had_to_look_at_is_known_by_its_reference_alone(world: World) -> None:
    """Neither amount, time nor payee is told as before."""
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1", yuan=12_000))
    withdrawn_from_review(world, first)
    long_before = LOSS - timedelta(days=12)
    paid = replace(transfer("r-1", yuan=5_000), occurred_at=long_before)
    times: dict[str, Any] = {**at(long_before), "now": NOW + timedelta(minutes=10)}
    again = claimed(world, there, paid, **times)
    assert world.decide(again) == "review"
    assert why(world, again) == "resembles_earlier_claim"


def test_so_is_one_whose_refusal_was_proposed(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R1"), later=10)
    world.decide(first)
    withdrawn_when_its_refusal_was_proposed(world, second)
    again = claimed(world, there, transfer("R2"), later=20)
    assert world.decide(again) == "review"


@pytest.mark.parametrize("gives_up", [withdrawn, withdrawn_when_the_machine_asked])
def test_what_nobody_doubted_is_decided_as_if_it_were_told_for_the_first_time(world: World, gives_up: GivesUp) -> None:
    here, there = two_policies(world)
    papers: dict[str, Any] = (
        {"evidence": (evidence("police_receipt"),)} if gives_up is withdrawn_when_the_machine_asked else {}
    )
    first = claimed(world, here, transfer("R1"), **papers)
    gives_up(world, first)
    again = claimed(world, there, transfer("R1"), later=10)
    assert world.decide(again) == "approved"


@pytest.mark.parametrize(
    ("found", "outcome"), [(False, "review"), (None, "approved")], ids=["wanting", "not looked at"]
)
def test_a_mandate_that_was_found_wanting_is_not_washed_away_by_withdrawing(
    world: World, *, found: bool | None, outcome: str
) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1"), representative=acting(world), evidence=with_mandate())
    assert world.decide(first) == "review"
    if found is not None:
        check(world, first.claim_id, holds=found)
    withdrawn(world, first)
    assert world.decide(claimed(world, there, transfer("R1"), later=10)) == outcome


def test_what_comes_for_a_person_who_asked_goes_back_to_a_person_whatever_else_is_told(world: World) -> None:
    claim = claimed(world, two_policies(world)[0], transfer("R1"))
    assert world.decide(claim, by=champion(0.9)) == "review"
    world.ask(claim.claim_id, "identity")
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, CameBack("bank", Fen(100_000), NOW), tenant=CHANNEL, now=NOW)
        add_documents(tx, claim.claim_id, [evidence("identity")], tenant=CHANNEL, now=NOW)
    assert world.decide(claim, claim_round=2) == "review"
    whys = world.rows("SELECT why FROM decisions WHERE NOT by_person ORDER BY version")
    assert whys == [("score",), ("passed_on_before",)]
