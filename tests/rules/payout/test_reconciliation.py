from __future__ import annotations

from services.payout.domain.reconciliation import BankStatus, BankTransfer, OurTransfer, differences
from services.payout.domain.states import State
from shared.values.money import CNY, Currency, Fen


def ours(state: State, amount: int = 100) -> dict[str, OurTransfer]:
    return {"r": OurTransfer("r", state, Fen(amount), CNY)}


def bank(status: BankStatus, amount: int = 100, currency: Currency = CNY) -> dict[str, BankTransfer]:
    return {"r": BankTransfer("r", status, Fen(amount), currency)}


def kinds(before: dict[str, OurTransfer], theirs: dict[str, BankTransfer], after: dict[str, OurTransfer]) -> list[str]:
    return [finding.kind for finding in differences(before, theirs, after)]


def test_books_that_agree_show_nothing() -> None:
    assert kinds(ours("paid"), bank("done"), ours("paid")) == []
    assert kinds(ours("rejected"), bank("rejected"), ours("rejected")) == []
    assert kinds(ours("returned"), bank("returned"), ours("returned")) == []


def test_what_we_held_for_paid_and_the_bank_does_not_know_is_missing() -> None:
    assert kinds(ours("paid"), {}, ours("paid")) == ["missing"]
    assert kinds(ours("paid"), bank("rejected"), ours("paid")) == ["missing"]


def test_what_the_bank_moved_and_we_know_nothing_of_is_extra() -> None:
    assert kinds({}, bank("done"), {}) == ["extra"]
    assert kinds(ours("rejected"), bank("done"), ours("rejected")) == ["extra"]
    assert kinds(ours("scheduled"), bank("done"), ours("scheduled")) == ["extra"]


def test_money_that_we_hold_for_returned_and_the_bank_for_gone_is_extra() -> None:
    assert kinds(ours("returned"), bank("done"), ours("returned")) == ["extra"]


def test_what_changes_while_we_read_is_no_difference() -> None:
    assert kinds(ours("sending"), bank("done"), ours("sending")) == []
    assert kinds(ours("in_doubt"), bank("done"), ours("paid")) == []
    assert kinds({}, bank("done"), ours("sending")) == []
    assert kinds(ours("paid"), bank("returned"), ours("paid")) == []
    assert kinds({}, {}, ours("paid")) == []


def test_another_amount_or_currency_is_found_once() -> None:
    assert kinds(ours("paid", 100), bank("done", 101), ours("paid", 100)) == ["amount_mismatch"]
    assert kinds(ours("paid"), bank("done", currency=Currency("HKD")), ours("paid")) == ["amount_mismatch"]
