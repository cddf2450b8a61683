"""Decisions, payees and a payout service with a bank beside it, for tests that speak as people would."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.payout.consumers.decisions import decisions
from services.payout.consumers.policies import policies
from services.payout.domain.payees import PayeeDetails
from services.payout.domain.payouts import Payout
from services.payout.domain.retry_delay import RetryPolicy
from services.payout.rail.bank import Bank
from services.payout.rail.http_bank import HttpBank
from services.payout.store import payouts
from services.payout.store.payouts import PayoutFilter
from services.payout.usecases.ask_bank import ask_next
from services.payout.usecases.paying import Paying
from services.payout.usecases.read_statement import read_on
from services.payout.usecases.register_payee import register_payee
from services.payout.usecases.send_payout import send_next
from shared.db.pool import Database
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope, Event
from shared.privacy.vault import Vault
from shared.process.new_ids import new_id
from shared.values.ids import EventId, TokenHex
from tests.sandbox_bank.bank_process import RunningBank

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
UNKNOWN_PAYEE = "01" + "f" * 32
IMPATIENT = RetryPolicy(base_seconds=0.01, cap_seconds=0.05, attempts=3, quiet_seconds=0.2)
PATIENT_SECONDS = 30.0
"""Of a call to the bank, which answers within a few milliseconds; on a machine that is busy it may take seconds."""
HASTY_SECONDS = 1.5
"""Of a call where the bank is silent, which is waited for in vain; within it the bank does what it was told."""

_numbers = itertools.count(1)


class Calendar:
    """Business time that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        self._now += timedelta(**by)


def decided(payee_token: str, **changes: Any) -> ClaimDecided:
    """An approval of 1,000 yuan, payable at once, as fraud detection announces it."""
    facts: dict[str, Any] = {
        "claim_id": new_id(),
        "decision_id": new_id(),
        "version": 1,
        "outcome": "approved",
        "policy_id": new_id(),
        "partner_id": "telecom-east",
        "product_code": "resident-anti-fraud",
        "product_version": 1,
        "person_token": "01" + "0" * 32,
        "payee_token": payee_token,
        "amount_fen": 100_000,
        "currency": "CNY",
        "cover_limit_fen": 5_000_000,
        "reason_codes": [],
        "clauses": [],
        "rule_version": "cover-1",
        "model_id": None,
        "model_sha256": None,
        "decided_by": "rules_and_model",
        "decided_at": NOW,
        "payable_from": NOW,
    }
    return ClaimDecided(**(facts | changes))


def account(ending: str = "0001") -> str:
    """Another account number each time, with the wanted last four digits."""
    return f"62{next(_numbers):010d}{ending}"


@dataclass
class Service:
    """Payout's use cases on a real database, with a real bank process, in this process."""

    database: Database
    vault: Vault
    bank_process: RunningBank
    calendar: Calendar = field(default_factory=Calendar)
    policy: RetryPolicy = IMPATIENT
    timeout_seconds: float = PATIENT_SECONDS

    def __post_init__(self) -> None:
        self.bank: Bank = HttpBank(self.bank_process.url, self.bank_process.token, self.timeout_seconds)
        self.paying = self.worker()

    def worker(self, bank: Bank | None = None) -> Paying:
        """Another worker beside the first."""
        return Paying(
            database=self.database,
            bank=bank or self.bank,
            sealer=self.vault.sealer,
            clock=self.calendar,
            lease_seconds=5 * self.timeout_seconds,
            policy=self.policy,
        )

    def payee(self, ending: str = "0001", holder: str = "张小明") -> TokenHex:
        details = PayeeDetails(holder, account(ending), "ICBC")
        with self.database.transaction() as tx:
            return register_payee(tx, details, vault=self.vault, caller="bank-app", now=self.calendar.now()).payee_token

    def take(self, event: Event) -> None:
        """One delivery of an event, in a transaction of its own."""
        envelope = Envelope(EventId(new_id()), event.TYPE, "test", self.calendar.now(), "subject", event)
        handlers = {**decisions(self.calendar).handlers, **policies(self.calendar).handlers}
        with self.database.transaction() as tx:
            handlers[type(event)](tx, envelope)

    def approve(self, ending: str = "0001", **changes: Any) -> ClaimDecided:
        """Register a payee and take an approval that pays it."""
        event = decided(self.payee(ending), **changes)
        self.take(event)
        return event

    def payout(self, claim_id: str) -> Payout:
        """As others see it: committed, and without waiting for who works on it."""
        found = self._payouts(claim_id)
        assert found, "the claim has no payout"
        return found[0]

    def has_payout(self, claim_id: str) -> bool:
        return self._payouts(claim_id) != []

    def _payouts(self, claim_id: str) -> list[Payout]:
        with self.database.transaction() as tx:
            return payouts.page(tx, PayoutFilter(claim_id), after=None, limit=2)

    def work(self) -> None:
        """One turn of each job, as long as any of them has work at once."""
        for job in (send_next, ask_next, read_on):
            while job(self.paying):
                pass

    def work_until(self, done: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, "what was waited for did not come"
            self.work()
            time.sleep(0.01)

    def work_until_state(self, claim_id: str, *states: str) -> Payout:
        self.work_until(lambda: self.payout(claim_id).state in states)
        return self.payout(claim_id)

    def events(self, claim_id: str) -> list[tuple[str, str | None]]:
        """State and reason of what was published of a claim's payout, in order."""
        with self.database.transaction() as tx:
            rows = tx.all(
                "SELECT body::json->>'state', body::json->>'reason' FROM outbox"
                " WHERE type = 'payouts.changed' AND body::json->>'claim_id' = %s ORDER BY id",
                (claim_id,),
            )
        return [(row[0], row[1]) for row in rows]

    def booked(self, claim_id: str) -> list[str]:
        """The kinds of bookings of a claim's payout, in order."""
        with self.database.transaction() as tx:
            rows = tx.all(
                "SELECT kind FROM ledger_transfers JOIN payouts USING (payout_id) WHERE claim_id = %s"
                " ORDER BY transfer_id",
                (claim_id,),
            )
        return [row[0] for row in rows]

    def balance(self, account_name: str) -> int:
        with self.database.transaction() as tx:
            row = tx.one(
                "SELECT COALESCE(sum(amount_fen), 0)::bigint FROM ledger_entries WHERE account = %s", (account_name,)
            )
        assert row is not None
        return int(row[0])
