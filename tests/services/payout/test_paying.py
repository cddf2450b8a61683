from __future__ import annotations

import threading

import pytest

from services.payout.usecases.send_payout import send_next
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, UNKNOWN_PAYEE, Service, decided


def test_an_approved_claim_is_paid_once_and_booked_on_both_sides(service: Service) -> None:
    claim = service.approve(amount_fen=123_456)
    paid = service.work_until_state(claim.claim_id, "paid")
    assert service.bank_process.book()[paid.payout_id]["amount_fen"] == 123_456
    assert service.booked(claim.claim_id) == ["claim_owed", "payout_paid"]
    assert (service.balance("bank"), service.balance("claims_expense")) == (-123_456, 123_456)
    assert service.balance("claims_payable") == 0
    assert service.events(claim.claim_id) == [("scheduled", None), ("paid", None)]


def test_the_same_decision_twice_pays_once(service: Service) -> None:
    claim = service.approve()
    service.take(claim)
    service.work_until_state(claim.claim_id, "paid")
    service.take(claim)
    service.work()
    assert len(service.bank_process.statement()) == 1
    assert service.events(claim.claim_id) == [("scheduled", None), ("paid", None)]


def test_a_second_approval_of_one_claim_pays_nothing_more(service: Service) -> None:
    claim = service.approve()
    again = decided(claim.payee_token, claim_id=claim.claim_id, version=2)
    service.take(again)
    service.work_until_state(claim.claim_id, "paid")
    service.work()
    assert len(service.bank_process.statement()) == 1


def test_one_decision_delivered_to_many_workers_at_once_makes_one_payout(service: Service) -> None:
    claim = decided(service.payee())
    threads = [threading.Thread(target=service.take, args=(claim,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.events(claim.claim_id) == [("scheduled", None)]


def test_nothing_is_sent_before_it_is_payable(service: Service) -> None:
    service.calendar.advance(days=-3)
    claim = service.approve(payable_from=NOW)
    service.work()
    assert service.payout(claim.claim_id).state == "scheduled"
    assert service.bank_process.statement() == []
    service.calendar.advance(days=3)
    service.work_until_state(claim.claim_id, "paid")


def test_a_claim_above_its_cover_is_never_paid(service: Service) -> None:
    claim = service.approve(amount_fen=5_000_001)
    service.work()
    assert service.events(claim.claim_id) == [("rejected", "over_cover_limit")]
    assert service.booked(claim.claim_id) == []
    assert service.bank_process.statement() == []


def test_an_unknown_payee_is_said_and_the_claim_stays_owed(service: Service) -> None:
    claim = decided(UNKNOWN_PAYEE, amount_fen=700)
    service.take(claim)
    service.work()
    assert service.events(claim.claim_id) == [("rejected", "payee_unknown")]
    assert service.balance("claims_payable") == -700
    assert service.bank_process.statement() == []


@pytest.mark.parametrize("outcome", ["review", "documents_requested", "refusal_proposed", "refused"])
def test_only_an_approval_makes_a_payout(service: Service, outcome: str) -> None:
    claim = service.approve(outcome=outcome, amount_fen=0)
    service.work()
    assert not service.has_payout(claim.claim_id)


def test_a_later_refusal_stops_a_payout_that_waits(service: Service) -> None:
    service.calendar.advance(days=-3)
    claim = service.approve()
    service.take(decided(claim.payee_token, claim_id=claim.claim_id, version=2, outcome="refused", amount_fen=0))
    service.calendar.advance(days=5)
    service.work()
    assert service.events(claim.claim_id) == [("scheduled", None), ("rejected", "claim_refused")]
    assert service.balance("claims_payable") == 0
    assert service.balance("claims_expense") == 0
    assert service.bank_process.statement() == []


def test_a_refusal_that_overtakes_its_approval_stops_it(service: Service) -> None:
    approval = decided(service.payee())
    service.take(decided(UNKNOWN_PAYEE, claim_id=approval.claim_id, version=2, outcome="refused", amount_fen=0))
    service.take(approval)
    service.work()
    assert not service.has_payout(approval.claim_id)
    assert service.bank_process.statement() == []


def test_a_refusal_that_overtakes_its_approval_after_a_review_stops_it_too(service: Service) -> None:
    approval = decided(service.payee(), version=2)
    for version, outcome in ((1, "review"), (3, "refused")):
        other = decided(
            approval.payee_token, claim_id=approval.claim_id, version=version, outcome=outcome, amount_fen=0
        )
        service.take(other)
    service.take(approval)
    assert not service.has_payout(approval.claim_id)


def test_an_old_review_that_comes_late_stops_nothing(service: Service) -> None:
    claim = service.approve(version=2)
    service.take(decided(claim.payee_token, claim_id=claim.claim_id, version=1, outcome="review", amount_fen=0))
    service.work_until_state(claim.claim_id, "paid")


def test_a_refused_claim_is_not_sent_again_while_the_bank_knows_nothing_of_it(hasty: Service) -> None:
    claim = hasty.approve("8002")
    assert send_next(hasty.paying)
    assert hasty.payout(claim.claim_id).state == "in_doubt"
    hasty.take(decided(claim.payee_token, claim_id=claim.claim_id, version=2, outcome="refused", amount_fen=0))
    rejected = hasty.work_until_state(claim.claim_id, "rejected")
    assert (rejected.reason, rejected.attempts) == ("claim_refused", 1)
    assert hasty.booked(claim.claim_id) == ["claim_owed", "claim_withdrawn"]


def test_many_workers_share_the_work_and_pay_each_claim_once(service: Service) -> None:
    claims = [service.approve() for _ in range(30)]
    failures: list[BaseException] = []

    def work() -> None:
        worker = service.worker()
        try:
            while send_next(worker):
                pass
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    paid = [service.payout(claim.claim_id) for claim in claims]
    assert {(payout.state, payout.attempts) for payout in paid} == {("paid", 1)}
    assert sorted(entry["reference"] for entry in service.bank_process.statement()) == sorted(
        payout.payout_id for payout in paid
    )


def test_a_bank_that_is_away_is_waited_for(service: Service) -> None:
    claim = service.approve()
    service.bank_process.kill()
    for _ in range(20):
        service.work()
    assert service.payout(claim.claim_id).state == "in_doubt"
    service.bank_process.start()
    paid = service.work_until_state(claim.claim_id, "paid")
    assert paid.attempts == 2
    assert len(service.bank_process.statement()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0},
        {"amount_fen": -1},
        {"version": 0},
        {"claim_id": "no id"},
        {"decision_id": ""},
        {"policy_id": "x"},
        {"currency": "yuan"},
        {"cover_limit_fen": -1},
    ],
)
def test_a_decision_that_makes_no_sense_is_poison_and_leaves_nothing(
    service: Service, changes: dict[str, object]
) -> None:
    claim = decided(service.payee(), **changes)
    with pytest.raises(Poison):
        service.take(claim)
    with service.database.transaction() as tx:
        assert tx.all("SELECT 1 FROM decisions") == []


def test_two_claims_of_one_payee_are_two_payments(service: Service) -> None:
    token = service.payee()
    claims = [decided(token), decided(token, claim_id=new_id())]
    for claim in claims:
        service.take(claim)
    for claim in claims:
        service.work_until_state(claim.claim_id, "paid")
    assert len(service.bank_process.statement()) == 2
