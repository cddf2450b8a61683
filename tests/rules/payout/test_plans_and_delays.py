from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payout.domain import reasons
from services.payout.domain.ledger import SIDES, Kind, booking
from services.payout.domain.payees import normalize
from services.payout.domain.payouts import Decision, NeverPay, NoPayout, Schedule, plan
from services.payout.domain.retry_delay import RetryPolicy, retry_delay
from services.payout.domain.states import STEPS
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId, DecisionId, PartnerId
from shared.values.money import CNY, Fen

APPROVAL = Decision(
    DecisionId(new_id()),
    ClaimId(new_id()),
    version=2,
    outcome="approved",
    amount_fen=Fen(100),
    currency=CNY,
    cover_limit_fen=Fen(100),
    decided_at=datetime(2026, 3, 1, tzinfo=UTC),
)


def test_an_approval_up_to_the_very_limit_is_paid() -> None:
    assert plan(APPROVAL, newest_version=2, has_payout=False, payee_known=True) == Schedule()
    above = replace(APPROVAL, amount_fen=Fen(101))
    assert plan(above, newest_version=2, has_payout=False, payee_known=True) == NeverPay(reasons.OVER_COVER_LIMIT)


def test_what_was_overtaken_or_has_a_payout_or_no_payee_is_not_paid() -> None:
    assert plan(APPROVAL, newest_version=3, has_payout=False, payee_known=True) == NoPayout("overtaken")
    assert plan(APPROVAL, newest_version=2, has_payout=True, payee_known=True) == NoPayout("claim_has_payout")
    assert plan(APPROVAL, newest_version=2, has_payout=False, payee_known=False) == NeverPay(reasons.PAYEE_UNKNOWN)
    refusal = replace(APPROVAL, outcome="refused")
    assert plan(refusal, newest_version=2, has_payout=False, payee_known=True) == NoPayout("not_approved")


def test_nothing_leads_out_of_a_rejection_or_a_return() -> None:
    assert {before for before, _ in STEPS} & {"rejected", "returned"} == set()


@settings(deadline=None)
@given(amount=st.integers(1, 10**12), kind=st.sampled_from(list(SIDES)))
def test_each_booking_sums_to_zero_on_two_accounts(amount: int, kind: Kind) -> None:
    entries = booking(kind, "cause", Fen(amount), CNY, partner_id=PartnerId("p")).entries
    assert sum(entry.amount_fen for entry in entries) == 0
    assert len({entry.account for entry in entries}) == 2


@pytest.mark.parametrize("amount", [0, -1])
def test_a_booking_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        booking("premium", "cause", Fen(amount), CNY, partner_id=PartnerId("p"))


def test_pauses_double_up_to_the_cap() -> None:
    policy = RetryPolicy(base_seconds=1, cap_seconds=60)
    longest = [retry_delay(policy, tries, 1.0) for tries in range(1, 12)]
    assert longest[:6] == [1, 2, 4, 8, 16, 32]
    assert max(longest) == 60
    assert all(before <= later for before, later in pairwise(longest))


@settings(deadline=None)
@given(tries=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_nothing_and_never_above_the_cap(tries: int, chance: float) -> None:
    policy = RetryPolicy(base_seconds=1, cap_seconds=60)
    assert 0.5 <= retry_delay(policy, tries, chance) <= 60


def test_one_account_written_differently_is_one_account() -> None:
    written = ("6222020000000001234", "6222 0200 0000 0001 234", "６２２２-０２００-００００-０００１-２３４")
    assert {normalize("张 小明", text, "icbc").account for text in written} == {"6222020000000001234"}
    assert normalize("  John\u3000 Smith ", written[0], " icbc ").holder_name == "John Smith"


@pytest.mark.parametrize("text", ["", "12345678901", "1" * 26, "62220200000000O1234", "٦٢٢٢٠٢٠٠٠٠٠٠٠٠٠١٢٣٤"])
def test_what_is_no_account_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(InvalidField) as caught:
        normalize("张小明", text, "ICBC")
    assert caught.value.pointer == "/account"
    assert not text or text not in caught.value.detail + caught.value.fix


def test_a_banks_own_code_is_kept_and_its_prose_is_not() -> None:
    assert reasons.of_bank("account_closed") == "bank_account_closed"
    assert reasons.of_bank("AC04") == "bank_ac04"
    for text in (None, "", "closed for 张小明", "张小明", "acct6222020000000001234", "x" * 500):
        assert reasons.of_bank(text) == "bank_other"
