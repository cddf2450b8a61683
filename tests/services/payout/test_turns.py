"""Which payout is whose turn, and what becomes of who acts on what they read before it changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import psycopg2
import pytest

from services.payout.consumers.decisions import heard
from services.payout.domain.answers import NoAnswer, Rejected
from services.payout.domain.payouts import Payout
from services.payout.domain.retry_delay import RetryPolicy
from services.payout.store import bank_statement, erasure, payees, payouts
from services.payout.store.erasure import ClaimPayee
from services.payout.usecases.settle_answer import Pace, settle
from services.payout.usecases.take_decision import take_decision
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.policies import PoliciesErased
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId
from tests.services.payout.builders import NOW, UNKNOWN_PAYEE, Service, decided

AT_ONCE = Pace(RetryPolicy(base_seconds=0, cap_seconds=0), 0.0)
PATIENTLY = Pace(RetryPolicy(base_seconds=3600, cap_seconds=3600), 0.5)


def take_due(tx: Tx) -> Payout | None:
    return payouts.take_due(tx, now=NOW, worker="a", lease_seconds=60)


def take_to_ask(tx: Tx) -> Payout | None:
    return payouts.take_to_ask(tx, worker="b", lease_seconds=60)


def taken(service: Service, take: Callable[[Tx], Payout | None]) -> str | None:
    """The claim that a worker gets at this moment, without waiting for another worker."""
    with service.database.transaction() as tx:
        tx.execute("SET LOCAL lock_timeout = '5s'")
        payout = take(tx)
    return None if payout is None else payout.claim_id


def in_doubt(service: Service, pace: Pace = AT_ONCE) -> ClaimDecided:
    """An approval that was sent, to which the bank said nothing clear."""
    claim = service.approve()
    assert taken(service, take_due) == claim.claim_id
    sent = service.payout(claim.claim_id)
    with service.database.transaction() as tx:
        settle(tx, sent.payout_id, NoAnswer("silence"), asked_at_version=sent.version, pace=pace, now=NOW)
    return claim


def test_who_has_been_owed_longest_is_paid_first(service: Service) -> None:
    owed = {hours: service.approve(payable_from=NOW - timedelta(hours=hours)).claim_id for hours in (2, 3, 1)}
    assert [taken(service, take_due) for _ in range(4)] == [owed[3], owed[2], owed[1], None]


def test_the_bank_is_asked_first_about_whom_it_was_asked_longest_ago(service: Service) -> None:
    claims = [in_doubt(service).claim_id for _ in range(2)]
    with service.database.transaction() as tx:
        tx.execute("UPDATE payouts SET not_before = not_before WHERE claim_id = %s", (claims[0],))
    assert [taken(service, take_to_ask) for _ in range(3)] == [*claims, None]


@pytest.mark.parametrize("take", [take_due, take_to_ask])
def test_a_worker_passes_over_what_another_has_in_hand(service: Service, take: Callable[[Tx], Payout | None]) -> None:
    claims = {(service.approve if take is take_due else lambda: in_doubt(service))().claim_id for _ in range(2)}
    with service.database.transaction() as tx:
        first = take(tx)
        assert first is not None
        second = taken(service, take)
    assert {first.claim_id, second} == claims


def test_a_worker_passes_over_the_payee_whom_another_forgets(service: Service) -> None:
    claims = [service.approve(outcome="refused", amount_fen=0) for _ in range(2)]
    service.take(PoliciesErased(policy_ids=[each.policy_id for each in claims], erased_at=NOW, ground="court_order"))
    with service.database.transaction() as tx, service.database.transaction() as beside:
        beside.execute("SET LOCAL lock_timeout = '5s'")
        (first,), (second,) = erasure.take(tx, limit=1), erasure.take(beside, limit=1)
    assert {first.claim_id, second.claim_id} == {each.claim_id for each in claims}


def test_a_payee_whose_claim_is_being_approved_is_not_forgotten_meanwhile(service: Service) -> None:
    token = service.payee()
    with service.database.transaction() as tx, service.database.transaction() as beside:
        assert payees.known(tx, token)
        beside.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            erasure.overwrite(beside, [ClaimPayee(ClaimId(new_id()), token)], now=NOW)


def test_what_is_paid_already_stands_in_nobodys_way(service: Service) -> None:
    longest = service.approve(payable_from=NOW - timedelta(hours=3))
    service.work_until_state(longest.claim_id, "paid")
    doubtful, due = in_doubt(service), service.approve()
    assert taken(service, take_due) == due.claim_id
    assert taken(service, take_to_ask) == doubtful.claim_id


def test_the_bank_is_not_asked_again_before_the_pause_is_over(service: Service) -> None:
    in_doubt(service, PATIENTLY)
    assert taken(service, take_to_ask) is None


def test_an_order_is_not_sent_again_before_the_pause_is_over(service: Service) -> None:
    claim = service.approve()
    with service.database.transaction() as tx:
        assert payouts.pause(tx, service.payout(claim.claim_id), 3600)
    assert taken(service, take_due) is None


def test_nobody_asks_about_what_a_living_worker_is_sending(service: Service) -> None:
    claim = service.approve()
    assert taken(service, take_due) == claim.claim_id
    assert taken(service, take_to_ask) is None
    with service.database.transaction() as tx:
        tx.execute("UPDATE payouts SET lease_until = clock_timestamp()")
    assert taken(service, take_to_ask) == claim.claim_id


def test_who_read_a_payout_before_it_took_a_step_moves_and_pauses_nothing(service: Service) -> None:
    claim = service.approve()
    read = service.payout(claim.claim_id)
    assert taken(service, take_due) == claim.claim_id
    sending = service.payout(claim.claim_id)
    with service.database.transaction() as tx:
        assert payouts.step(tx, replace(sending, version=read.version), "paid", None, now=NOW) is None
        assert payouts.step(tx, replace(sending, state="paid"), "returned", "x", now=NOW) is None
        assert not payouts.pause(tx, read, 3600)
    assert service.payout(claim.claim_id) == sending


def test_a_refusal_beside_the_banks_own_takes_the_debt_off(service: Service) -> None:
    for bank_first in (True, False):
        claim = service.approve()
        assert taken(service, take_due) == claim.claim_id
        sent = service.payout(claim.claim_id)
        refusal = decided(claim.payee_token, claim_id=claim.claim_id, version=2, outcome="refused", amount_fen=0)

        def bank_says_no(tx: Tx, sent: Payout = sent) -> None:
            answer = Rejected("account closed")
            settle(tx, sent.payout_id, answer, asked_at_version=sent.version, pace=AT_ONCE, now=NOW)

        def we_say_no(tx: Tx, refusal: ClaimDecided = refusal) -> None:
            take_decision(tx, heard(refusal), now=NOW)

        first, second = (bank_says_no, we_say_no) if bank_first else (we_say_no, bank_says_no)
        _one_beside_the_other(service, first, second)
        assert service.booked(claim.claim_id) == ["claim_owed", "claim_withdrawn"]


def test_a_refusal_beside_its_approval_stops_it(service: Service) -> None:
    approval = decided(service.payee())
    refusal = decided(UNKNOWN_PAYEE, claim_id=approval.claim_id, version=2, outcome="refused", amount_fen=0)
    first, second = (lambda tx, each=each: take_decision(tx, heard(each), now=NOW) for each in (approval, refusal))
    _one_beside_the_other(service, first, second)
    assert service.events(approval.claim_id) == [("scheduled", None), ("rejected", "claim_refused")]


def _one_beside_the_other(service: Service, first: Callable[[Tx], None], second: Callable[[Tx], None]) -> None:
    """The second begins while the first is not committed."""

    def beside() -> None:
        with service.database.transaction() as tx:
            second(tx)

    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as tx:
            first(tx)
            other = pool.submit(beside)
            wait([other], timeout=1)
        other.result(timeout=60)


def test_the_banks_statement_is_read_by_one_worker_and_only_forwards(service: Service) -> None:
    with service.database.transaction() as tx:
        assert bank_statement.take(tx) == 0
        with service.database.transaction() as beside:
            beside.execute("SET LOCAL lock_timeout = '5s'")
            assert bank_statement.take(beside) is None
        for number in (7, 5):
            bank_statement.keep(tx, bank_statement.BankEntry(number, "a stranger's", "done", None, 100, "CNY", NOW))
        assert bank_statement.take(tx) == 7
