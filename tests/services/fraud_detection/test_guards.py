"""The database's own guards of money and of due process, each tried with the code's care left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg2
import pytest

from services.fraud_detection.decisions.domain.payable import Payable
from services.fraud_detection.decisions.store import decisions, limits, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.limits import LiabilityOverdrawn, Taking
from services.fraud_detection.decisions.store.reviews import ReviewRow
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import liability, product, used
from tests.services.fraud_detection.builders import NOW, World, champion


def decided(world: World, probability: float) -> DecisionRow:
    """A claim's first decision, as it is kept."""
    claim = world.file(world.covered())
    world.decide(claim, by=champion(probability))
    with world.database.transaction() as tx:
        return decisions.of_claim(tx, claim.claim_id)[0]


def insert(world: World, decision: DecisionRow) -> None:
    again = replace(decision, decision_id=DecisionId(new_id()), version=decision.version + 1)
    with world.database.transaction() as tx:
        decisions.add(tx, [again])


def test_no_second_decision_by_the_machine_in_one_round(world: World) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation, match="one_machine_decision_per_round"):
        insert(world, decided(world, 0.9))


def test_no_second_approval_of_a_claim_even_by_a_person(world: World) -> None:
    first = decided(world, 0.1)
    approval = replace(
        first,
        decision_id=DecisionId(new_id()),
        version=first.version + 1,
        by_person=True,
        decided_by="reviewer-li",
    )
    again = pytest.raises(psycopg2.errors.UniqueViolation, match="one_standing_approval_per_claim")
    with again, world.database.transaction() as tx:
        decisions.add(tx, [approval])
        limits.keep(tx, [(world.claim(approval.claim_id), approval.decision_id, approval.amount_fen)])


def test_no_refusal_by_the_machine(world: World) -> None:
    refusal = replace(decided(world, 0.9), outcome="refused", round=2, clause="2.4", reasons=b"sealed")
    with pytest.raises(psycopg2.errors.CheckViolation):
        insert(world, refusal)


@pytest.mark.parametrize("missing", ["clause", "reasons"])
def test_no_refusal_without_clause_and_reasons(world: World, missing: str) -> None:
    complete = {"clause": "2.4", "reasons": b"sealed"} | {missing: None}
    refusal = replace(decided(world, 0.9), outcome="refused", by_person=True, **complete)  # type: ignore[arg-type]
    with pytest.raises(psycopg2.errors.CheckViolation):
        insert(world, refusal)


def test_no_approval_by_the_machine_without_a_model(world: World) -> None:
    blind = replace(
        decided(world, 0.9),
        outcome="approved",
        round=2,
        amount_fen=Fen(1),
        payable_from=NOW,
        model_id=None,
        model_sha256=None,
        score=None,
    )
    with pytest.raises(psycopg2.errors.CheckViolation, match="no_approval_without_a_model"):
        insert(world, blind)


def test_no_reservation_above_the_annual_limit(world: World) -> None:
    claim = world.file(world.covered())
    terms = product(annual_limit_fen=100)
    with pytest.raises(psycopg2.errors.CheckViolation), world.database.transaction() as tx:
        limits.reserve(tx, [Taking(claim, terms, Payable(Fen(101), Fen(0)), used(0))])


def test_no_reservation_above_a_liabilitys_own_limit(world: World) -> None:
    claim = replace(world.file(world.covered()), liability="ransom")
    terms = product(liabilities=[liability("ransom", annual_limit_fen=100)])
    with pytest.raises(psycopg2.errors.CheckViolation), world.database.transaction() as tx:
        limits.reserve(tx, [Taking(claim, terms, Payable(Fen(101), Fen(0)), used(0))])


def test_a_liability_that_was_used_behind_its_policys_back_takes_nothing(world: World) -> None:
    claim = replace(world.file(world.covered()), liability="ransom")
    terms = product(liabilities=[liability("ransom", annual_limit_fen=100)])
    world.rows(f"INSERT INTO liability_use VALUES ('{claim.policy_id}', 'ransom', 100, 50) RETURNING 1")
    with pytest.raises(LiabilityOverdrawn), world.database.transaction() as tx:
        limits.reserve(tx, [Taking(claim, terms, Payable(Fen(10), Fen(0)), used(0))])
    assert world.rows("DELETE FROM liability_use RETURNING (SELECT count(*) FROM limit_use)") == [(0,)]


def test_a_reservation_on_what_was_used_meanwhile_takes_nothing(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim)
    ((reserved,),) = world.rows("SELECT reserved_fen FROM limit_use")
    with world.database.transaction() as tx:
        stale = limits.reserve(tx, [Taking(claim, product(), Payable(Fen(1), Fen(0)), used(0))])
        above = limits.reserve(tx, [Taking(claim, product(), Payable(Fen(5_000_000), Fen(0)), used(reserved))])
    assert stale == above == set()
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(reserved,)]


def test_a_part_of_the_deductible_that_was_worked_out_before_another_loss_bore_of_it_is_not_kept(world: World) -> None:
    claim = world.file(world.covered())
    terms = product(annual_deductible_fen=300)
    part = Payable(Fen(0), Fen(200))
    with world.database.transaction() as tx:
        first = limits.bear(tx, Taking(claim, terms, part, used(0)))
        stale = limits.bear(tx, Taking(claim, terms, part, used(0)))
        stale_approval = limits.reserve(tx, [Taking(claim, terms, Payable(Fen(1), Fen(200)), used(0))])
        fresh = limits.bear(tx, Taking(claim, terms, Payable(Fen(0), Fen(100)), used(0, 200)))
    assert (first, stale, stale_approval, fresh) == (True, False, set(), True)
    assert world.rows("SELECT reserved_fen, deductible_fen FROM limit_use") == [(0, 300)]
    world.rows("DELETE FROM limit_use RETURNING 1")  # no decision stands behind it


def test_a_claim_waits_for_one_person_at_a_time(world: World) -> None:
    claim_id = ClaimId(decided(world, 0.9).claim_id)
    with (
        pytest.raises(psycopg2.errors.UniqueViolation, match="one_open_review_per_claim"),
        world.database.transaction() as tx,
    ):
        reviews.open_reviews(tx, [ReviewRow(claim_id, 2, "appeal", NOW + timedelta(hours=1))])
