"""A claim that other insurers cover too and that was split: what they pay is of all its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.filing.usecases.change_claim import CameBack, tell_recovery
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import product
from tests.services.fraud_detection.builders import Caller, World, champion
from tests.services.fraud_detection.claims.test_life_of_a_claim import PAYABLE, TENANT, payout
from tests.services.fraud_detection.claims.test_other_insurers import HALF, TOLD, returned, told_back
from tests.services.fraud_detection.filing.test_amendments import amend
from tests.services.fraud_detection.insured import insure
from tests.services.fraud_detection.transfers.test_in_part import accepted, say, verdict
from tests.services.fraud_detection.transfers.test_split import OPEN, in_person, off
from tests.services.fraud_detection.transfers.test_transfers import claimed, transfer

Callers = Callable[[str], Caller]


def split(world: World) -> tuple[Claim, Claim]:
    """Of two transfers of 7,200 yuan, of which another insurer bears half: one is paid, one before a person."""
    paid = [transfer(f"R{line}", minutes=20 * line, yuan=7_200) for line in range(2)]
    claim = claimed(world, insure(world, product(other_insurance="pro_rata")), *paid, other_covers=HALF)
    assert world.decide(claim, by=champion(0.9)) == "review"
    assert say(world, claim.claim_id, verdict(accepted(0), replace(OPEN, line=1))).amount_fen == 360_000
    payout(world, world.claim(claim.claim_id), "paid", payout_id=new_id(), version=3)
    second = in_person(world, off(world, claim.claim_id))
    return world.claim(claim.claim_id), second


def elsewhere(world: World, *parts: Claim) -> list[int]:
    return [world.claim(each.claim_id).other_insurance_fen for each in parts]


@pytest.mark.parametrize("place", [0, 1], ids=["the one that is paid", "the one that is open"])
def test_what_another_insurer_pays_is_parted_whichever_it_is_told_of(world: World, place: int) -> None:
    parts = first, second = split(world)
    told_back(world, parts[place], 720_000)
    assert elsewhere(world, first, second) == [360_000, 360_000]
    assert (world.claim(first.claim_id).state, returned(world)) == ("paid", [])
    assert world.review(second.claim_id, "approve") == "approved"
    assert world.rows("SELECT sum(amount_fen) FROM reservations") == [(720_000,)]
    assert world.rows("SELECT amount_fen FROM recoveries") == [(360_000,), (360_000,)]


def test_no_more_is_told_than_all_parts_lost_and_money_from_others_is_of_the_part(world: World) -> None:
    first, second = split(world)
    told_back(world, first, 1_000_000)
    assert elsewhere(world, first, second) == [500_000, 500_000]
    assert returned(world) == [(500_000, 140_000)]
    with pytest.raises(InvalidField) as wrong:
        told_back(world, second, 440_001)
    assert wrong.value.pointer == "/amount_fen"
    told_back(world, second, 100_000, "police")
    assert [world.claim(each.claim_id).recovered_fen for each in (first, second)] == [0, 100_000]


def test_a_part_that_is_approved_and_not_paid_yet_is_decided_anew(world: World) -> None:
    first, second = split(world)
    assert world.review(second.claim_id, "approve") == "approved"
    told_back(world, first, 720_000)
    assert [world.claim(each.claim_id).state for each in (first, second)] == ["paid", "stopping"]
    assert returned(world) == []


def test_two_who_tell_of_both_parts_at_one_moment_are_both_heard(world: World) -> None:
    first, second = split(world)

    def tell() -> None:
        told_back(world, second, 200_000)

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            tell_recovery(
                tx, first.claim_id, CameBack("other_insurance", Fen(200_000), PAYABLE), tenant=TENANT, now=PAYABLE
            )
            told = pool.submit(tell)
            began = time.monotonic()
            while not world.rows(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                assert time.monotonic() - began < 60
                time.sleep(0.05)
        told.result()
    assert elsewhere(world, first, second) == [200_000, 200_000]


def test_of_a_part_no_covers_are_amended(world: World, caller: Callers) -> None:
    _, second = split(world)
    for covers in ([], [{**TOLD, "paid_fen": 720_000}]):
        reply = amend(caller, world, second, {"other_covers": covers})
        assert (reply.status_code, reply.json["errors"][0]["pointer"]) == (422, "/other_covers")
        assert "/recoveries" in reply.json["errors"][0]["fix"]
