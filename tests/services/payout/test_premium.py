from __future__ import annotations

import pytest

from shared.events.policies import PoliciesEnrolled, PolicyCanceled, PolicyColumns
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, Service


def enrolled(policies: int, *, premium_fen: int = 1200, currency: str = "CNY") -> PoliciesEnrolled:
    return PoliciesEnrolled(
        chunk_id=new_id(),
        partner_id="telecom-east",
        product_code="resident-anti-fraud",
        product_version=1,
        premium_fen=premium_fen,
        currency=currency,
        enrolled_at=NOW,
        policies=PolicyColumns.of(
            policy_id=[new_id() for _ in range(policies)],
            person_token=["01" + "0" * 32] * policies,
            phone_token=["01" + "0" * 32] * policies,
            birth_year=[1980] * policies,
            effective_from=[NOW] * policies,
            effective_to=[NOW] * policies,
        ),
    )


def canceled(policy_id: str, refund_fen: int) -> PolicyCanceled:
    return PolicyCanceled(
        policy_id=policy_id,
        version=2,
        partner_id="telecom-east",
        canceled_at=NOW,
        effective_to=NOW,
        refund_fen=refund_fen,
        currency="CNY",
        reason="insured_request",
    )


def test_a_chunk_of_policies_is_one_booking_of_its_whole_premium(service: Service) -> None:
    chunk = enrolled(1000)
    service.take(chunk)
    service.take(chunk)
    assert service.balance("partner_receivable") == 1_200_000
    assert service.balance("premium_income") == -1_200_000


def test_a_refund_that_overtakes_its_enrollment_ends_at_the_same_balance(service: Service) -> None:
    chunk = enrolled(1)
    cancellation = canceled(chunk.policies.policy_ids[0], 400)
    service.take(cancellation)
    service.take(chunk)
    service.take(cancellation)
    assert service.balance("partner_receivable") == 800


def test_cover_that_costs_nothing_is_not_booked(service: Service) -> None:
    chunk = enrolled(3, premium_fen=0)
    service.take(chunk)
    service.take(canceled(chunk.policies.policy_ids[0], 0))
    with service.database.transaction() as tx:
        assert tx.all("SELECT 1 FROM ledger_transfers") == []


def test_currencies_are_booked_beside_each_other(service: Service) -> None:
    service.take(enrolled(2, premium_fen=100, currency="CNY"))
    service.take(enrolled(2, premium_fen=70, currency="HKD"))
    with service.database.transaction() as tx:
        sums = tx.all("SELECT account, currency, sum(amount_fen)::int FROM ledger_entries GROUP BY 1, 2")
    assert set(sums) == {
        ("partner_receivable", "CNY", 200),
        ("premium_income", "CNY", -200),
        ("partner_receivable", "HKD", 140),
        ("premium_income", "HKD", -140),
    }


def test_a_negative_premium_or_refund_is_poison(service: Service) -> None:
    with pytest.raises(Poison):
        service.take(enrolled(1, premium_fen=-1))
    with pytest.raises(Poison):
        service.take(canceled(new_id(), -1))
