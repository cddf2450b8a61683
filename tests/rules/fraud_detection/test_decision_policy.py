"""Who decides what: the machine approves or asks, a person refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import STEPS
from services.fraud_detection.decisions.domain.decision_policy import (
    Approve,
    AskDocuments,
    AwaitPayee,
    Decision,
    NoOpinion,
    Opinion,
    ProposeRefusal,
    Review,
    decide,
)
from services.fraud_detection.filing.domain.sandbox_values import BY_LAST_DIGITS, sandbox_value
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from shared.values.money import Fen
from shared.values.payee_doubts import PayeeDoubt
from tests.rules.fraud_detection.builders import claim, failed, product, used

AMOUNT = Fen(1_440_000)
CLAIMED = claim().amount_fen
NO_FAILURES = failed()
NOT_COVERED = failed(filed=claim(scam_type="illegal_online"))
INCOMPLETE = failed(evidence=frozenset())
BOTH = failed(filed=claim(scam_type="illegal_online"), evidence=frozenset())


def opinion(probability: float, *, limit: int = 2_000_000, of_loss: int = 20_000_000) -> Opinion:
    return Opinion(
        model_id="m",
        sha256="s",
        probability=probability,
        explanation=ScoreExplanation(0.0, 0.0, (), 0.0),
        approve_below=0.3,
        auto_approve_limit_fen=Fen(limit),
        auto_approve_loss_limit_fen=Fen(of_loss),
    )


TRUSTED = opinion(0.1)


@pytest.mark.parametrize(
    ("failures", "heard", "expected"),
    [
        (NO_FAILURES, TRUSTED, Approve(AMOUNT)),
        (NO_FAILURES, opinion(0.3), Review("score")),
        (NO_FAILURES, opinion(0.99), Review("score")),
        (NO_FAILURES, opinion(float("nan")), Review("score")),
        (NO_FAILURES, opinion(0.1, limit=AMOUNT), Approve(AMOUNT)),
        (NO_FAILURES, opinion(0.1, limit=AMOUNT - 1), Review("amount")),
        (NO_FAILURES, opinion(0.1, of_loss=CLAIMED), Approve(AMOUNT)),
        (NO_FAILURES, opinion(0.1, of_loss=CLAIMED - 1), Review("claimed_amount")),
        (NO_FAILURES, NoOpinion("no_model"), Review("no_model")),
        (NO_FAILURES, NoOpinion("scorer_failed"), Review("scorer_failed")),
        (NOT_COVERED, TRUSTED, ProposeRefusal(NOT_COVERED)),
        (NOT_COVERED, NoOpinion("no_model"), ProposeRefusal(NOT_COVERED)),
        (INCOMPLETE, TRUSTED, AskDocuments(INCOMPLETE)),
        (BOTH, TRUSTED, ProposeRefusal(NOT_COVERED)),
    ],
    ids=[
        "trusted",
        "at the threshold",
        "doubted",
        "no number",
        "at the limit",
        "above the limit",
        "claimed at its limit",
        "claimed above its limit",
        "no model",
        "scorer down",
        "not covered",
        "not covered, no model",
        "incomplete",
        "not covered and incomplete",
    ],
)
def test_rules_come_before_the_model_and_doubt_goes_to_a_person(
    failures: tuple[object, ...], heard: Opinion | NoOpinion, expected: Decision
) -> None:
    assert decide(product(), claim(), failures, AMOUNT, heard) == expected  # type: ignore[arg-type]


def test_an_appeal_always_goes_to_a_person() -> None:
    for failures in (NO_FAILURES, NOT_COVERED, INCOMPLETE):
        assert decide(product(), claim(appealed=True), failures, AMOUNT, TRUSTED) == Review("appeal")


@given(probability=st.floats(allow_nan=True), amount=st.integers(min_value=1, max_value=10_000_000))
def test_the_machine_pays_only_below_both_thresholds(probability: float, amount: int) -> None:
    decision = decide(product(), claim(), (), Fen(amount), opinion(probability))
    assert isinstance(decision, Approve) == (probability < 0.3 and amount <= 2_000_000)


def test_nothing_is_refused_but_from_the_hands_of_a_person() -> None:
    assert {before for before, after in STEPS if after == "refused"} == {"in_review"}


SANDBOX = [
    ("13900009001", Approve(AMOUNT)),
    ("13900009002", Review("sandbox")),
    ("13900009003", ProposeRefusal),
    ("13900009004", AskDocuments),
    ("13900009005", ProposeRefusal),
]


@pytest.mark.parametrize(("phone", "expected"), SANDBOX, ids=[phone[-4:] for phone, _ in SANDBOX])
def test_a_sandbox_phone_forces_its_outcome(phone: str, expected: Decision | type[Decision]) -> None:
    forced = claim(sandbox_value=sandbox_value(phone, sandbox=True))
    decision = decide(product(), forced, (), AMOUNT, opinion(0.99))
    if isinstance(expected, type):
        assert isinstance(decision, expected)
    else:
        assert decision == expected


def test_every_sandbox_value_has_its_row() -> None:
    assert {phone[-4:] for phone, _ in SANDBOX} == set(BY_LAST_DIGITS)


@pytest.mark.parametrize("phone", [phone for phone, _ in SANDBOX])
def test_outside_a_sandbox_a_phone_forces_nothing(phone: str) -> None:
    assert sandbox_value(phone, sandbox=False) is None


def test_a_forced_approval_never_passes_a_failed_cover_rule() -> None:
    forced = claim(sandbox_value="approve")
    assert decide(product(), forced, NOT_COVERED, AMOUNT, TRUSTED) == ProposeRefusal(NOT_COVERED)
    assert decide(product(), forced, INCOMPLETE, AMOUNT, TRUSTED) == AskDocuments(INCOMPLETE)
    used_up = failed(use=used(5_000_000))
    assert decide(product(), forced, used_up, Fen(0), TRUSTED) == ProposeRefusal(used_up)


def test_documents_that_were_asked_for_by_force_are_asked_for_once() -> None:
    second = claim(sandbox_value="documents", round=2)
    assert decide(product(), second, (), AMOUNT, TRUSTED) == Approve(AMOUNT)


def test_a_forced_duplicate_says_so_even_without_a_first_claim() -> None:
    decision = decide(product(), claim(sandbox_value="duplicate"), (), AMOUNT, TRUSTED)
    assert isinstance(decision, ProposeRefusal)
    assert [rule.code for rule in decision.failed] == ["duplicate_loss"]


@pytest.mark.parametrize("heard", [TRUSTED, NoOpinion("no_model")], ids=["trusted", "no model"])
@pytest.mark.parametrize("filed", [claim(), claim(sandbox_value="approve")], ids=["as filed", "forced"])
def test_the_machine_approves_for_nobody_whose_mandate_no_person_found_to_hold(
    filed: Claim, heard: Opinion | NoOpinion
) -> None:
    assert decide(product(), filed, (), AMOUNT, heard, mandate_open=True) == Review("representative")
    assert decide(product(), filed, INCOMPLETE, AMOUNT, heard, mandate_open=True) == AskDocuments(INCOMPLETE)
    assert decide(product(), filed, NOT_COVERED, AMOUNT, heard, mandate_open=True) == ProposeRefusal(NOT_COVERED)


def test_who_acts_is_looked_at_once_the_account_is_known_and_before_it_is_doubted() -> None:
    def of(*doubts: PayeeDoubt, **changes: Any) -> Decision:
        return decide(product(), claim(**changes), (), AMOUNT, TRUSTED, mandate_open=True, payee_doubts=doubts)

    assert of("payee_unknown") == AwaitPayee()
    assert of("payee_unknown", changed_why="waiting_for_payee_over") == Review("representative")
    assert of("payee_name_differs") == Review("representative")
