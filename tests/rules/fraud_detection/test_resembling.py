"""What makes a claim look like one that the same person made before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.transfers import HeldElsewhere, TransferFacts
from services.fraud_detection.decisions.domain.decision_policy import Approve, NoOpinion, Opinion, Review, decide
from services.fraud_detection.decisions.domain.resembling import NEIGHBORING, repeated, resembles
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import FIRST_CLAIM, LOSS, POLICY, claim, other, product

NOTHING = TransferFacts()
LONG_AGO = LOSS - timedelta(days=40)


def earlier(**changes: Any) -> Any:
    """Another claim of the person that is like ours in nothing."""
    values: dict[str, Any] = {
        "occurred_at": LONG_AGO,
        "discovered_at": LONG_AGO + timedelta(hours=1),
        "submitted_at": LONG_AGO + timedelta(days=1),
        "amount_fen": Fen(300_000),
        "scam_type": "romance",
        **changes,
    }
    return other(**values)


def test_a_claim_that_is_like_none_before_it_resembles_none() -> None:
    assert not resembles(claim(), earlier(), NOTHING)
    assert repeated(claim(), [earlier()], NOTHING) is None


@pytest.mark.parametrize(
    ("hours", "alike"), [(0, True), (1.9, True), (2, True), (74, True), (74.1, False), (-73, True), (-73.1, False)]
)
def test_times_that_overlap_or_lie_three_days_apart_are_alike(hours: float, *, alike: bool) -> None:
    """Ours runs from 0 to 2 hours, the other one an hour from its start."""
    begins = LOSS + timedelta(hours=hours)
    seen = earlier(occurred_at=begins, discovered_at=begins + timedelta(hours=1))
    assert resembles(claim(), seen, NOTHING) == alike
    assert timedelta(hours=72) == NEIGHBORING


@pytest.mark.parametrize(
    ("amount", "alike"),
    [
        (1_440_001, True),
        (1_440_000, True),
        (1_368_000, True),
        (1_367_999, False),
        (1_515_789, True),
        (1_515_790, False),
    ],
)
def test_amounts_within_five_percent_of_the_larger_one_are_alike_whenever(amount: int, *, alike: bool) -> None:
    assert resembles(claim(), earlier(amount_fen=Fen(amount)), NOTHING) == alike


def test_one_account_that_money_went_to_is_enough() -> None:
    assert resembles(claim(), earlier(), TransferFacts(same_payee=frozenset({FIRST_CLAIM})))


def test_one_transfer_is_enough_although_all_else_is_told_otherwise() -> None:
    facts = TransferFacts(same_transfer=frozenset({FIRST_CLAIM}), given_up=frozenset({FIRST_CLAIM}))
    assert resembles(claim(), earlier(passed_on=True), facts)
    assert not resembles(claim(), earlier(), facts)


def test_what_was_claimed_afterwards_counts_only_once_it_was_approved() -> None:
    later = {"amount_fen": Fen(1_440_000), "submitted_at": LOSS + timedelta(days=3)}
    assert not resembles(claim(), earlier(**later), NOTHING)
    assert resembles(claim(), earlier(**later, approved=True), NOTHING)


@pytest.mark.parametrize("facts", [{"given_up": frozenset({FIRST_CLAIM})}, {"told_apart": frozenset({FIRST_CLAIM})}])
def test_a_claim_that_was_given_up_or_that_a_person_told_apart_is_none(facts: dict[str, Any]) -> None:
    assert not resembles(claim(), earlier(amount_fen=Fen(1_440_000)), TransferFacts(**facts))


def test_another_persons_claim_and_one_of_another_named_event_are_none() -> None:
    alike = {"amount_fen": Fen(1_440_000)}
    assert not resembles(claim(), earlier(**alike, by_claimant=False), NOTHING)
    named = earlier(**alike, event_reference="A", event_named=True)
    assert not resembles(claim(event_reference="B", event_named=True), named, NOTHING)
    assert resembles(claim(event_reference="B"), named, NOTHING)


def test_a_transfer_that_another_claim_has_and_a_reference_of_another_person_are_looked_at() -> None:
    held = HeldElsewhere(line=0, holder=FIRST_CLAIM, policy_id=POLICY, approved=False)
    assert repeated(claim(), [], TransferFacts(held=(held,))) == "resembles_earlier_claim"
    assert repeated(claim(), [], TransferFacts(reference_of_another=True)) == "reference_of_another_person"


def test_what_is_repeated_is_approved_by_neither_model_nor_sandbox_value() -> None:
    opinion = Opinion(
        model_id="m",
        sha256="s",
        probability=0.01,
        explanation=ScoreExplanation(0.0, 0.0, (), 0.0),
        approve_below=0.3,
        auto_approve_limit_fen=Fen(5_000_000),
        auto_approve_loss_limit_fen=Fen(50_000_000),
    )
    amount = Fen(1_440_000)
    for heard in (opinion, NoOpinion("no_model")):
        forced = claim(sandbox_value="approve")
        assert decide(product(), forced, (), amount, heard, repeats="resembles_earlier_claim") == Review(
            "resembles_earlier_claim"
        )
        assert decide(product(), forced, (), amount, heard) == Approve(amount)
    assert decide(product(), claim(), (), amount, opinion, repeats="reference_of_another_person") == Review(
        "reference_of_another_person"
    )
