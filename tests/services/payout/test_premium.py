from __future__ import annotations

import msgspec
import pytest

from shared.events.policies import (
    CanceledColumns,
    PoliciesCanceled,
    PoliciesEnrolled,
    PolicyCanceled,
    PolicyColumns,
    PolicyEndorsed,
    packed,
)
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


def canceled_together(*refunds: int) -> PoliciesCanceled:
    return PoliciesCanceled(
        chunk_id=new_id(),
        partner_id="telecom-east",
        canceled_at=NOW,
        currency="CNY",
        policies=CanceledColumns(
            policy_id=packed([new_id() for _ in refunds]),
            version=[2] * len(refunds),
            effective_to=[NOW] * len(refunds),
            refund_fen=list(refunds),
            reason=["partner_request"] * len(refunds),
        ),
    )


def endorsed(premium_delta_fen: int) -> PolicyEndorsed:
    return PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=new_id(),
        version=2,
        partner_id="telecom-east",
        kind="item_added" if premium_delta_fen > 0 else "item_removed",
        endorsed_at=NOW,
        effective_at=NOW,
        premium_delta_fen=premium_delta_fen,
        currency="CNY",
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


def test_a_chunk_of_cancellations_is_given_back_once_in_one_booking(service: Service) -> None:
    service.take(enrolled(3))
    chunk = canceled_together(1200, 600, 0)
    service.take(chunk)
    service.take(chunk)
    assert service.balance("partner_receivable") == 1800
    with service.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM ledger_transfers WHERE cause = %s", (chunk.chunk_id,)) == (1,)


def test_what_a_change_costs_is_owed_and_what_it_gives_back_is_given_back_each_once(service: Service) -> None:
    added, removed = endorsed(900), endorsed(-400)
    for event in (added, removed, added, removed):
        service.take(event)
    assert service.balance("partner_receivable") == 500
    assert service.balance("premium_income") == -500


def test_a_change_without_premium_is_not_booked(service: Service) -> None:
    service.take(endorsed(0))
    with service.database.transaction() as tx:
        assert tx.all("SELECT 1 FROM ledger_transfers") == []


def test_a_chunk_of_cancellations_that_contradicts_itself_is_poison(service: Service) -> None:
    with pytest.raises(Poison):
        service.take(canceled_together(1200, -1))
    whole = canceled_together(1, 2)
    with pytest.raises(Poison):
        service.take(msgspec.structs.replace(whole, policies=msgspec.structs.replace(whole.policies, version=[2])))
