"""An approval that was taken back, a second payout after the first one failed, and money that came back."""

from __future__ import annotations

from typing import Any

from services.payout.store import payouts
from services.payout.store.payouts import PayoutFilter
from services.payout.usecases.erase_payees import erase_next
from shared.events.claims import ClaimDecided, ClaimRecovered, ClaimStopped
from shared.events.policies import PoliciesErased
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, Service, decided


def stopped(approval: ClaimDecided, **changes: Any) -> ClaimStopped:
    facts: dict[str, Any] = {
        "stop_id": new_id(),
        "claim_id": approval.claim_id,
        "version": approval.version + 1,
        "decision_id": approval.decision_id,
        "policy_id": approval.policy_id,
        "currency": "CNY",
        "reason": "withdrawn",
        "stopped_at": NOW,
    }
    return ClaimStopped(**(facts | changes))


def test_a_payout_that_is_not_sent_yet_is_stopped_and_its_debt_with_it(service: Service) -> None:
    approval = service.approve()
    stop = stopped(approval)
    service.take(stop)
    service.take(stop)
    service.work()
    assert service.events(approval.claim_id) == [("scheduled", None), ("rejected", "approval_taken_back")]
    assert service.booked(approval.claim_id) == ["claim_owed", "claim_withdrawn"]
    assert service.balance("claims_payable") == 0


def test_a_stop_that_comes_after_the_money_left_changes_nothing(service: Service) -> None:
    approval = service.approve()
    service.work_until_state(approval.claim_id, "paid")
    service.take(stopped(approval))
    service.work()
    assert service.payout(approval.claim_id).state == "paid"
    assert service.booked(approval.claim_id) == ["claim_owed", "payout_paid"]


def test_an_approval_that_its_stop_overtook_is_not_paid(service: Service) -> None:
    approval = decided(service.payee())
    service.take(stopped(approval))
    service.take(approval)
    service.work()
    assert service.events(approval.claim_id) == [("rejected", "claim_stopped")], "who stopped it waits for an answer"
    assert service.booked(approval.claim_id) == []


def test_an_older_stop_stops_no_newer_approval(service: Service) -> None:
    approval = service.approve(version=5)
    service.take(stopped(approval, version=4))
    assert service.payout(approval.claim_id).state == "scheduled"


def test_after_a_failed_payout_the_claim_is_paid_once_by_another_account(service: Service) -> None:
    first = service.approve("8001")
    service.work_until_state(first.claim_id, "rejected")
    service.take(stopped(first, reason="another_account"))
    second = decided(service.payee(), claim_id=first.claim_id, version=3)
    service.take(second)
    third = decided(service.payee(), claim_id=first.claim_id, version=4)
    service.take(third)

    def states() -> list[str]:
        with service.database.transaction() as tx:
            return [each.state for each in payouts.page(tx, PayoutFilter(first.claim_id), after=None, limit=5)]

    service.work_until(lambda: states() == ["rejected", "paid"])
    assert service.booked(first.claim_id) == ["claim_owed", "claim_withdrawn", "claim_owed", "payout_paid"]
    assert (service.balance("claims_payable"), service.balance("claims_expense")) == (0, 100_000)


def test_what_came_back_is_owed_to_the_insurer_once(service: Service) -> None:
    approval = service.approve()
    service.work_until_state(approval.claim_id, "paid")
    back = ClaimRecovered(
        recovery_id=new_id(),
        claim_id=approval.claim_id,
        decision_id=approval.decision_id,
        policy_id=approval.policy_id,
        amount_fen=60_000,
        insurers_fen=40_000,
        currency="CNY",
        recovered_at=NOW,
    )
    service.take(back)
    service.take(back)
    assert (service.balance("recoveries_receivable"), service.balance("claims_expense")) == (40_000, 60_000)


def test_an_account_is_forgotten_once_its_claim_was_given_up(service: Service) -> None:
    approval = service.approve()
    service.take(PoliciesErased(policy_ids=[approval.policy_id], erased_at=NOW))
    service.take(stopped(approval))
    while erase_next(service.database, service.calendar):
        pass
    with service.database.transaction() as tx:
        assert tx.all("SELECT account_masked FROM payees", into=str) == [""]
