"""Any order of decisions, repeats, workers and banks' moods, on a real database.

Whatever happens, after each step:

1. The ledger sums to zero in each currency, and each transfer by itself.
2. A claim has one payout at most, and the bank carried out one transfer for it at most.
3. What the bank moved for a claim is what one of its approvals said, and never above that approval's cover.
4. A payout that our book calls paid was carried out by the bank; money at the bank is minus what was paid and stayed.
5. A payout that is not paid and whose claim is approved, within cover, is owed; the debt is booked once. It is
   withdrawn only by a decision newer than the approval, and for good: fraud detection approves a claim once.
6. A payout is sent only while the newest decision known of its claim approves it.
7. Each state that others were told of is in the history, in the same order, and none is told twice.

The operations of a failing run are printed by hypothesis as a program that repeats it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.payout.consumers.decisions import heard
from services.payout.domain.payees import PayeeDetails
from services.payout.domain.reconciliation import BankStatus
from services.payout.domain.retry_delay import RetryPolicy
from services.payout.store import integrity
from services.payout.usecases.ask_bank import ask_next
from services.payout.usecases.paying import Paying
from services.payout.usecases.read_statement import read_on
from services.payout.usecases.register_payee import register_payee
from services.payout.usecases.send_payout import send_next
from services.payout.usecases.take_decision import take_decision
from shared.db.pool import Database
from shared.events.claims import ClaimDecided
from shared.privacy.vault import Vault
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, Calendar, decided
from tests.services.payout.moody_bank import MOODS, MoodyBank

CLAIMS = 2
COVER = 1_000
WITHDRAWN = "SELECT payout_id FROM ledger_transfers WHERE kind = 'claim_withdrawn'"
WITHDRAWN_WITHOUT_A_NEWER_DECISION = """
SELECT payout_id FROM ledger_transfers JOIN payouts USING (payout_id) JOIN decisions AS paid USING (decision_id)
WHERE kind = 'claim_withdrawn' AND NOT EXISTS (
    SELECT FROM decisions AS newer
    WHERE newer.claim_id = paid.claim_id AND newer.version > paid.version
      AND (newer.outcome <> 'approved' OR EXISTS (
          SELECT FROM payouts AS next WHERE next.decision_id = newer.decision_id)))"""
BOOKS = ("ledger_entries", "ledger_transfers", "payout_history", "bank_entries")


class Money(RuleBasedStateMachine):
    database: Database
    owner: Database
    vault: Vault

    @initialize()
    def begin(self) -> None:
        with self.owner.transaction() as tx:
            # The books are only added to; their owner alone can make an exception, and here it wants them empty.
            for table in BOOKS:
                tx.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            tx.execute(f"TRUNCATE {', '.join(BOOKS)}, payouts, decisions, outbox")
            for table in BOOKS:
                tx.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            tx.execute("UPDATE bank_statement SET read_up_to = 0")
            details = PayeeDetails("张小明", "6200000000000001", "ICBC")
            self.token = register_payee(tx, details, vault=self.vault, caller="test", now=NOW).payee_token
        self.bank = MoodyBank()
        policy = RetryPolicy(base_seconds=0.0, cap_seconds=0.0, attempts=3, quiet_seconds=0.0)
        self.paying = Paying(self.database, self.bank, self.vault.sealer, Calendar(), 30.0, policy)
        self.claims = [new_id() for _ in range(CLAIMS)]
        self.decisions: list[ClaimDecided] = []
        self.versions = dict.fromkeys(self.claims, 0)

    @rule(
        claim=st.integers(0, CLAIMS - 1),
        outcome=st.sampled_from(["approved", "approved", "refused", "review"]),
        amount=st.integers(COVER - 900, COVER + 30),
        known_payee=st.sampled_from([True, True, True, False]),
        at_once=st.sampled_from([True, True, False]),
    )
    def decide(self, claim: int, outcome: str, amount: int, *, known_payee: bool, at_once: bool) -> None:
        """Fraud detection decides; the event may arrive at once, later, or more than once."""
        claim_id = self.claims[claim]
        self.versions[claim_id] += 1
        self.decisions.append(
            decided(
                self.token if known_payee else "01" + "f" * 32,
                claim_id=claim_id,
                version=self.versions[claim_id],
                outcome=outcome,
                amount_fen=amount if outcome == "approved" else 0,
                cover_limit_fen=COVER,
            )
        )
        if at_once:
            self.deliver(len(self.decisions) - 1)

    @rule(which=st.integers(0, 1000))
    def deliver(self, which: int) -> None:
        """Any decision so far arrives: in order, late, or again."""
        if self.decisions:
            with self.database.transaction() as tx:
                take_decision(tx, heard(self.decisions[which % len(self.decisions)]), now=NOW)

    @rule(mood=st.sampled_from(MOODS))
    def send(self, mood: str) -> None:
        self.bank.mood = mood
        before = self._newest_outcomes()
        sent = len(self.bank.sends)
        send_next(self.paying)
        for reference in self.bank.sends[sent:]:
            assert before[reference] == "approved", "6"

    @rule(times=st.integers(1, 3))
    def ask(self, times: int) -> None:
        for _ in range(times):
            ask_next(self.paying)

    @rule()
    def read_statement(self) -> None:
        read_on(self.paying)

    @rule(which=st.integers(0, 1000))
    def bank_goes_on(self, which: int) -> None:
        """What was accepted is done or refused; what was done may come back."""
        open_ones = [each for each in self.bank.book_by_reference.values() if each.status in ("accepted", "done")]
        if open_ones:
            chosen = open_ones[which % len(open_ones)]
            later: BankStatus = "returned" if chosen.status == "done" else ("done", "rejected")[which % 2]
            self.bank.put(chosen.reference, later, chosen.amount_fen)

    @invariant()
    def the_books_are_right(self) -> None:
        with self.database.transaction() as tx:
            assert integrity.unbalanced(tx) == [], "1"
            assert integrity.decisions_paid_twice(tx) == [], "2"
            assert integrity.paid_above_cover(tx) == [], "3"
            assert integrity.illegal_steps(tx) == [], "7"
            payouts = tx.all("SELECT payout_id, claim_id, state, reason, amount_fen FROM payouts")
            debts = tx.all(
                "SELECT COALESCE(-sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account = 'claims_payable'"
            )
            bank = tx.all("SELECT COALESCE(sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account = 'bank'")
            told = tx.all("SELECT body::json->>'payout_id', body::json->>'state' FROM outbox ORDER BY id")
            newest = self._newest(tx)
            withdrawn = {row[0] for row in tx.all(WITHDRAWN)}
            unfounded = tx.all(WITHDRAWN_WITHOUT_A_NEWER_DECISION)
        assert unfounded == [], "5"
        moved = [each for each in self.bank.book_by_reference.values() if each.moved]
        claim_of = {row[0]: row[1] for row in payouts}
        assert len({claim_of[each.reference] for each in moved}) == len(moved), "2"
        approved = {
            (each.claim_id, each.amount_fen)
            for each in self.decisions
            if each.outcome == "approved" and each.amount_fen <= COVER
        }
        assert {(claim_of[each.reference], each.amount_fen) for each in moved} <= approved, "3"
        for payout_id, _claim, state, _reason, _amount in payouts:
            if state in ("paid", "returned"):
                assert self.bank.book_by_reference[payout_id].moved, "4"
        assert bank == [(-sum(row[4] for row in payouts if row[2] == "paid"),)], "4"
        owed = sum(
            amount
            for payout_id, claim_id, state, reason, amount in payouts
            if state != "paid"
            and reason not in ("over_cover_limit", "claim_refused", "approval_taken_back")
            and payout_id not in withdrawn
            and (newest[claim_id] == "approved" or state in ("scheduled", "sending", "in_doubt", "accepted"))
        )
        assert debts == [(owed,)], "5"
        assert len(set(told)) == len(told), "7"

    def _newest(self, tx: Any) -> dict[str, str]:
        rows = tx.all("SELECT DISTINCT ON (claim_id) claim_id, outcome FROM decisions ORDER BY claim_id, version DESC")
        return {row[0]: row[1] for row in rows}

    def _newest_outcomes(self) -> dict[str, str]:
        with self.database.transaction() as tx:
            newest = self._newest(tx)
            return {row[0]: newest[row[1]] for row in tx.all("SELECT payout_id, claim_id FROM payouts")}


@pytest.fixture
def machine(database: Database, owner: Database, vault: Vault) -> type[Money]:
    return type("MoneyHere", (Money,), {"database": database, "owner": owner, "vault": vault})


def test_money_is_right_whatever_happens(machine: type[Money]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
