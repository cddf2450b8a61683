"""What payout relies on in a bank, asked of each that there is: the one over HTTP, and the one that tests command."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from services.payout.domain.answers import Accepted, Done, NoAnswer, Rejected, Unknown
from services.payout.rail.bank import Bank, Order
from services.payout.rail.http_bank import HttpBank
from shared.process.new_ids import new_id
from tests.sandbox_bank.bank_process import RunningBank
from tests.services.payout.builders import account
from tests.services.payout.moody_bank import MoodyBank

ENDINGS = {"done": "0001", "rejected": "8001", "lost": "8002", "accepted": "8003", "done_unheard": "8005"}
"""The last digits by which the sandbox bank does what the other is told by its mood."""
Rail = tuple[Bank, Callable[[str], Order]]


def order(ending: str = "0001") -> Order:
    return Order(new_id(), account(ending), "张小明", "ICBC", 100_000, "CNY")


@pytest.fixture(params=["over HTTP", "in this process"])
def rail(request: pytest.FixtureRequest) -> Iterator[Rail]:
    """A bank, and how to make an order that meets it in a mood."""
    if request.param == "over HTTP":
        process: RunningBank = request.getfixturevalue("bank")
        http = HttpBank(process.url, process.token, timeout_seconds=2.0)
        yield http, lambda mood: order(ENDINGS[mood])
        http.close()
    else:
        moody = MoodyBank()

        def in_mood(mood: str) -> Order:
            moody.mood = mood
            return order()

        yield moody, in_mood


def test_an_order_that_is_done_is_known_by_its_reference_in_the_book_and_on_the_statement(rail: Rail) -> None:
    bank, in_mood = rail
    done = in_mood("done")
    assert bank.send(done) == Done()
    assert bank.query(done.reference) == Done()
    entry = bank.book()[done.reference]
    assert (entry.status, entry.amount_fen, entry.currency, entry.moved) == ("done", 100_000, "CNY", True)
    (line,) = (each for each in bank.statement(0) if each.reference == done.reference)
    assert (line.status, line.amount_fen, line.currency) == ("done", 100_000, "CNY")
    assert [each.reference for each in bank.statement(line.number)] == []


def test_an_order_sent_twice_is_done_once(rail: Rail) -> None:
    bank, in_mood = rail
    done = in_mood("done")
    assert (bank.send(done), bank.send(done)) == (Done(), Done())
    assert len([each for each in bank.statement(0) if each.reference == done.reference]) == 1


def test_a_bank_says_that_it_knows_no_transfer_of_a_reference(rail: Rail) -> None:
    bank, _ = rail
    assert bank.query(new_id()) == Unknown()


def test_an_order_that_is_refused_moves_nothing(rail: Rail) -> None:
    bank, in_mood = rail
    refused = in_mood("rejected")
    assert isinstance(bank.send(refused), Rejected)
    assert isinstance(bank.query(refused.reference), Rejected)
    assert not bank.book()[refused.reference].moved


def test_an_order_that_is_taken_for_later_is_not_done_yet(rail: Rail) -> None:
    bank, in_mood = rail
    taken = in_mood("accepted")
    assert (bank.send(taken), bank.query(taken.reference)) == (Accepted(), Accepted())


def test_a_transfer_that_nobody_heard_of_is_found_by_asking(rail: Rail) -> None:
    bank, in_mood = rail
    unheard = in_mood("done_unheard")
    assert isinstance(bank.send(unheard), NoAnswer)
    assert bank.query(unheard.reference) == Done()


def test_an_order_that_was_lost_is_unknown(rail: Rail) -> None:
    bank, in_mood = rail
    lost = in_mood("lost")
    assert isinstance(bank.send(lost), NoAnswer)
    assert bank.query(lost.reference) == Unknown()
    assert lost.reference not in bank.book()
