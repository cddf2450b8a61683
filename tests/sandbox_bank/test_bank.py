from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import pytest

from tests.sandbox_bank.bank_process import RunningBank


def test_an_order_sent_twice_is_done_once(bank: RunningBank) -> None:
    first, second = bank.order("r1"), bank.order("r1")
    assert first.json() == second.json()
    assert first.json()["status"] == "done"
    assert [entry["reference"] for entry in bank.statement()] == ["r1"]


def test_a_reference_is_not_used_for_another_order(bank: RunningBank) -> None:
    bank.order("r1", amount_fen=100)
    assert bank.order("r1", amount_fen=101).status_code == 409
    assert bank.book()["r1"]["amount_fen"] == 100


def test_orders_of_one_reference_at_once_are_done_once(bank: RunningBank) -> None:
    threads = [threading.Thread(target=bank.order, args=("r1",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bank.statement()) == 1


def test_what_was_answered_survives_a_killed_bank(bank: RunningBank) -> None:
    bank.order("r1")
    moved = bank.now() + timedelta(hours=5)
    bank.advance_to(moved)
    bank.kill()
    bank.start()
    assert bank.book()["r1"]["status"] == "done"
    assert bank.now() >= moved


def test_nobody_without_the_token_is_served(bank: RunningBank) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        with httpx.Client(base_url=bank.url, headers=headers, timeout=30, trust_env=False) as stranger:
            assert stranger.get("/book").status_code == 401
            assert stranger.post("/transfers", json={}).status_code == 401
    assert bank.statement() == []


def test_the_book_shows_no_account_and_no_holder(bank: RunningBank) -> None:
    bank.order("r1", account="6200000000004242", holder_name="欧阳锋")
    shown = bank.client.get("/book").text + bank.client.get("/statement").text + bank.client.get("/transfers/r1").text
    assert "6200000000004242" not in shown
    assert "欧阳锋" not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0},
        {"amount_fen": -5},
        {"amount_fen": 1.5},
        {"amount_fen": True},
        {"account": ""},
        {"currency": None},
        {"holder_name": 7},
    ],
)
def test_a_bad_order_is_refused_and_not_kept(bank: RunningBank, changes: dict[str, object]) -> None:
    assert bank.order("r1", **changes).status_code == 400
    assert bank.book() == {}


def test_the_banks_time_only_goes_forward(bank: RunningBank) -> None:
    assert bank.advance_to(bank.now() - timedelta(minutes=1)).status_code == 409
    assert bank.client.post("/clock", json={"advance_to": "2026-01-01T00:00:00"}).status_code == 400


def test_a_late_transfer_is_done_an_hour_later(bank: RunningBank) -> None:
    assert bank.order("r1", account="6200000000008003").json()["status"] == "accepted"
    bank.advance_to(bank.now() + timedelta(minutes=59))
    assert bank.book()["r1"]["status"] == "accepted"
    bank.advance_to(bank.now() + timedelta(minutes=2))
    assert bank.book()["r1"]["status"] == "done"
    assert [entry["status"] for entry in bank.statement()] == ["accepted", "done"]


def test_a_doomed_transfer_comes_back_a_day_later(bank: RunningBank) -> None:
    assert bank.order("r1", account="6200000000008004").json()["status"] == "done"
    bank.advance_to(bank.now() + timedelta(days=1, minutes=1))
    assert bank.client.get("/transfers/r1").json()["status"] == "returned"


@pytest.mark.parametrize(("account", "known"), [("6200000000008002", False), ("6200000000008005", True)])
def test_a_silent_bank_answers_nothing_whether_it_did_it_or_not(
    bank: RunningBank, account: str, *, known: bool
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        bank.client.post(
            "/transfers",
            json={"reference": "r1", "account": account, "holder_name": "x", "amount_fen": 1, "currency": "CNY"},
            timeout=httpx.Timeout(30, read=1.5),  # within which it does what it will not tell of
        )
    assert bank.client.get("/transfers/r1").status_code == (200 if known else 404)


def test_the_book_comes_in_pages(bank: RunningBank) -> None:
    for number in range(5):
        bank.order(f"r{number}")
    page = bank.client.get("/book?limit=3").json()
    rest = bank.client.get(f"/book?limit=3&after={page['next_after']}").json()
    assert [each["reference"] for each in page["transfers"] + rest["transfers"]] == [f"r{n}" for n in range(5)]
    assert rest["next_after"] is None


def test_it_ends_in_order_when_asked(bank: RunningBank) -> None:
    bank.order("r1")
    assert bank.stop() == 0
