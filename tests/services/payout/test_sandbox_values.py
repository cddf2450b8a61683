"""One test for each row of the table of sandbox accounts: what the bank does, and what becomes of the payout."""

from __future__ import annotations

from datetime import timedelta

from tests.services.payout.builders import Service


def test_8001_is_refused_by_the_bank(service: Service) -> None:
    claim = service.approve("8001")
    service.work_until_state(claim.claim_id, "rejected")
    assert service.events(claim.claim_id)[-1] == ("rejected", "bank_account_closed")
    assert service.balance("bank") == 0
    assert service.balance("claims_payable") == -claim.amount_fen


def test_8002_is_asked_about_before_each_send_and_given_up_in_the_end(hasty: Service) -> None:
    claim = hasty.approve("8002")
    rejected = hasty.work_until_state(claim.claim_id, "rejected")
    assert (rejected.reason, rejected.attempts) == ("bank_silent", hasty.policy.attempts)
    assert hasty.bank_process.book() == {}
    with hasty.database.transaction() as tx:
        steps = [
            row[0]
            for row in tx.all(
                "SELECT to_state FROM payout_history WHERE payout_id = %s ORDER BY version", (rejected.payout_id,)
            )
        ]
    # Never straight from one send to the next: a question stands between them.
    assert steps == ["scheduled", *["sending", "in_doubt", "scheduled"] * 2, "sending", "in_doubt", "rejected"]


def test_8003_is_paid_when_the_banks_hour_is_over(service: Service) -> None:
    claim = service.approve("8003")
    service.work_until_state(claim.claim_id, "accepted")
    assert service.balance("bank") == 0
    service.bank_process.advance_to(service.bank_process.now() + timedelta(minutes=61))
    paid = service.work_until_state(claim.claim_id, "paid")
    assert paid.attempts == 1
    assert service.events(claim.claim_id) == [("scheduled", None), ("paid", None)]


def test_8004_is_paid_and_comes_back_a_day_later(service: Service) -> None:
    claim = service.approve("8004")
    service.work_until_state(claim.claim_id, "paid")
    service.bank_process.advance_to(service.bank_process.now() + timedelta(hours=25))
    service.work_until_state(claim.claim_id, "returned")
    assert service.events(claim.claim_id)[1:] == [("paid", None), ("returned", "bank_account_frozen")]
    assert service.balance("bank") == 0
    assert service.balance("claims_payable") == -claim.amount_fen


def test_8004_seen_only_after_it_came_back_is_told_as_paid_and_as_returned(hasty: Service) -> None:
    claim = hasty.approve("8004")
    with hasty.bank_process.frozen():
        hasty.work()
    hasty.bank_process.advance_to(hasty.bank_process.now() + timedelta(hours=25))
    hasty.work_until_state(claim.claim_id, "paid", "returned")
    hasty.bank_process.advance_to(hasty.bank_process.now() + timedelta(hours=25))
    hasty.work_until_state(claim.claim_id, "returned")
    assert [state for state, _ in hasty.events(claim.claim_id)] == ["scheduled", "paid", "returned"]


def test_8005_moved_the_money_in_silence_and_is_not_sent_again(hasty: Service) -> None:
    claim = hasty.approve("8005")
    paid = hasty.work_until_state(claim.claim_id, "paid")
    assert paid.attempts == 1
    assert len(hasty.bank_process.statement()) == 1
