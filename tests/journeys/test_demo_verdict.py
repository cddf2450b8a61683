"""The demo's verdict: one broken expectation is enough to fail it, and it says which."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.demo import money, summary
from deploy.demo.expectations import Expectations


def verdict(expectations: Expectations) -> tuple[bool, str]:
    told = io.StringIO()
    return summary.last_word(Console(file=told, width=200), expectations), told.getvalue()


def test_a_broken_expectation_fails_the_demo_and_is_told() -> None:
    expectations = Expectations()
    expectations.equal("two and two are four", 4, 4)
    expectations.equal("the bank paid nothing twice", ["a"], [])
    held, told = verdict(expectations)
    assert not held
    assert "1 of 2" in told
    assert "the bank paid nothing twice (['a'], not [])" in told
    assert "two and two" not in told


def test_a_demo_in_which_all_holds_says_how_many() -> None:
    expectations = Expectations()
    expectations.expect("it rains or it does not", holds=True)
    assert verdict(expectations) == (True, "All 1 expectations hold.\n")


def test_a_transfer_that_moved_money_twice_is_noticed() -> None:
    once = {"reference": "a", "status": "done", "amount_fen": 100}
    assert money.paid_twice([once, {**once, "reference": "b"}]) == []
    assert money.paid_twice([once, {**once, "status": "returned"}]) == ["a"]
    assert money.paid_twice([once, {**once, "status": "rejected"}]) == []


def test_money_counts_what_moved_between_two_moments_only() -> None:
    ledger = [{"account": "bank", "balance_fen": -500}, {"account": "claims_payable", "balance_fen": 0}]
    before = money.Books(ledger=ledger, bank=[{"reference": "a", "status": "done", "amount_fen": 500}])
    after = money.Books(
        ledger=[{"account": "bank", "balance_fen": -1200}, {"account": "claims_payable", "balance_fen": -30}],
        bank=[*before.bank, {"reference": "b", "status": "done", "amount_fen": 700}],
    )
    sums = money.sums(before, after, policies=2, premium_fen=1200, approved=[])
    assert (sums.paid, sums.ledger_bank, sums.owed, sums.premiums) == (700, -700, 30, 2400)
