"""What the database itself refuses, whatever the code above it does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg2
import pytest

from services.payout.domain.ledger import SIDES
from services.payout.domain.states import STEPS
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, Service, decided

TRANSFER = (
    "INSERT INTO ledger_transfers (transfer_id, kind, cause, partner_id, booked_at)"
    " VALUES (%s, 'premium', %s, 'telecom-east', now())"
)
ENTRY = "INSERT INTO ledger_entries (transfer_id, line, account, amount_fen, currency) VALUES (%s, %s, %s, %s, %s)"


def refused(service: Service, act: Callable[[Tx], object], match: str) -> None:
    with pytest.raises(psycopg2.Error, match=match), service.database.transaction() as tx:
        act(tx)


def test_the_steps_in_the_database_are_the_steps_of_the_rules(service: Service) -> None:
    with service.database.transaction() as tx:
        assert {(row[0], row[1]) for row in tx.all("SELECT from_state, to_state FROM payout_steps")} == STEPS


def test_the_chart_of_accounts_has_each_account_that_is_booked_on(service: Service) -> None:
    with service.database.transaction() as tx:
        chart = {row[0] for row in tx.all("SELECT account FROM ledger_accounts")}
    assert {account for sides in SIDES.values() for account in sides} == chart


def test_no_payout_takes_a_step_that_is_not_legal(service: Service) -> None:
    claim = service.approve()
    states = {state for step in STEPS for state in step}
    for to in states - {to for before, to in STEPS if before == "scheduled"} - {"scheduled"}:
        refused(
            service,
            lambda tx, to=to: tx.execute(  # type: ignore[misc]  # mypy infers no lambda with a default
                "UPDATE payouts SET state = %s, reason = 'x', version = version + 1 WHERE claim_id = %s",
                (to, claim.claim_id),
            ),
            "cannot go from",
        )
    assert service.payout(claim.claim_id).state == "scheduled"


def test_a_step_cannot_be_taken_without_a_new_version(service: Service) -> None:
    claim = service.approve()
    step = "UPDATE payouts SET state = 'sending' WHERE claim_id = %s"
    refused(service, lambda tx: tx.execute(step, (claim.claim_id,)), "raises its version")


@pytest.mark.parametrize("column", ["amount_fen = amount_fen + 1", "payee_token = 'x'", "cover_limit_fen = 1000000000"])
def test_what_is_paid_and_to_whom_never_changes(service: Service, column: str) -> None:
    claim = service.approve()
    change = f"UPDATE payouts SET {column} WHERE claim_id = %s"
    refused(service, lambda tx: tx.execute(change, (claim.claim_id,)), "never changes")


def test_no_payout_above_the_cover_is_stored_as_payable(service: Service) -> None:
    claim = service.approve(outcome="review", amount_fen=0)
    insert = (
        "INSERT INTO payouts (payout_id, decision_id, claim_id, policy_id, partner_id, payee_token, amount_fen,"
        " currency, cover_limit_fen, state, payable_from, created_at, changed_at)"
        " VALUES (%s, %s, %s, %s, 'p', %s, 11, 'CNY', 10, 'scheduled', now(), now(), now())"
    )
    ids = (new_id(), claim.decision_id, claim.claim_id, new_id(), claim.payee_token)
    refused(service, lambda tx: tx.execute(insert, ids), "never_above_the_cover")


def test_a_transfer_that_does_not_sum_to_zero_is_refused_at_commit(service: Service) -> None:
    def lopsided(tx: Tx) -> None:
        transfer = new_id()
        tx.execute(TRANSFER, (transfer, transfer))
        tx.execute(ENTRY, (transfer, 1, "bank", 100, "CNY"))
        tx.execute(ENTRY, (transfer, 2, "premium_income", -99, "CNY"))

    refused(service, lopsided, "sums to zero")


def test_one_currency_does_not_make_up_for_another(service: Service) -> None:
    def mixed(tx: Tx) -> None:
        transfer = new_id()
        tx.execute(TRANSFER, (transfer, transfer))
        tx.execute(ENTRY, (transfer, 1, "bank", 100, "CNY"))
        tx.execute(ENTRY, (transfer, 2, "premium_income", -100, "HKD"))

    refused(service, mixed, "sums to zero")


def test_a_transfer_without_entries_is_refused_at_commit(service: Service) -> None:
    refused(service, lambda tx: tx.execute(TRANSFER, (new_id(), "x")), "two sides")


def test_no_line_is_added_to_an_old_transfer_that_unbalances_it(service: Service) -> None:
    service.approve()
    with service.database.transaction() as tx:
        row = tx.one("SELECT transfer_id FROM ledger_transfers")
    assert row is not None
    refused(service, lambda tx: tx.execute(ENTRY, (row[0], 9, "bank", 5, "CNY")), "sums to zero")


@pytest.mark.parametrize("table", ["ledger_transfers", "ledger_entries", "payout_history", "bank_entries"])
def test_the_books_are_only_added_to_by_their_owner_too(service: Service, owner: Database, table: str) -> None:
    claim = service.approve()
    service.work_until_state(claim.claim_id, "paid")
    service.work()
    column = {
        "ledger_transfers": "kind",
        "ledger_entries": "line",
        "payout_history": "version",
        "bank_entries": "number",
    }
    for change in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET {column[table]} = {column[table]}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(psycopg2.Error, match="is only added to"), owner.transaction() as tx:
            tx.execute(change)


def test_many_decisions_on_one_claim_at_once_make_one_payout(service: Service) -> None:
    token = service.payee()
    claim_id = new_id()
    rivals = [decided(token, claim_id=claim_id, version=version) for version in range(1, 9)]
    threads = [threading.Thread(target=service.take, args=(each,)) for each in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with service.database.transaction() as tx:
        assert tx.all("SELECT count(*) FROM payouts WHERE claim_id = %s", (claim_id,)) == [(1,)]
        assert tx.all("SELECT count(*) FROM decisions WHERE claim_id = %s", (claim_id,)) == [(8,)]


def test_the_unique_keys_hold_even_if_the_claims_lock_is_gone(service: Service) -> None:
    claim = service.approve()
    with service.database.transaction() as tx:
        tx.execute(
            "INSERT INTO decisions VALUES (%s, %s, 2, 'approved', 5, 'CNY', 10, %s, 'payout')",
            (other := new_id(), claim.claim_id, NOW),
        )
    copy = (
        "INSERT INTO payouts (payout_id, decision_id, claim_id, policy_id, partner_id, payee_token, amount_fen,"
        " currency, cover_limit_fen, state, payable_from, created_at, changed_at)"
        " SELECT %s, %s, {claim}, policy_id, partner_id, payee_token, amount_fen, currency, cover_limit_fen,"
        " 'scheduled', payable_from, created_at, changed_at FROM payouts WHERE claim_id = %s"
    )
    same_claim = copy.format(claim="claim_id")
    same_decision = copy.format(claim="gen_random_uuid()")
    refused(service, lambda tx: tx.execute(same_claim, (new_id(), other, claim.claim_id)), "one_payout_per_claim")
    refused(
        service,
        lambda tx: tx.execute(same_decision, (new_id(), claim.decision_id, claim.claim_id)),
        "one_payout_per_decision",
    )
