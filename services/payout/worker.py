"""Payout's worker: what it consumes, what it does by itself, and how often it looks."""

from __future__ import annotations

from functools import partial
from typing import Final

from services.payout.consumers.decisions import decisions
from services.payout.consumers.policies import policies
from services.payout.settings import Settings
from services.payout.usecases.announce_payees import announce_next
from services.payout.usecases.ask_bank import ask_next
from services.payout.usecases.count_states import count_states
from services.payout.usecases.erase_payees import erase_next
from services.payout.usecases.paying import Paying
from services.payout.usecases.read_statement import read_on
from services.payout.usecases.send_payout import send_next
from services.payout.wiring import bank_of, vault_of
from shared.db.pool import Database
from shared.entry import worker
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

LEASE_TIMEOUTS: Final = 5
"""A lease in rail time-outs: connecting, writing and reading may each take one, and two more are left to settle."""

SEND_SECONDS: Final = 0.25
ASK_SECONDS: Final = 0.25
"""Pauses when nothing was due: one look into a partial index that is mostly empty, unnoticed by who waits for money."""
STATEMENT_SECONDS: Final = 1.0
ERASE_SECONDS: Final = 15.0
"""As in fraud detection: a person is forgotten within moments of the erasure, or of the last payment; nobody waits."""
ANNOUNCE_SECONDS: Final = 60.0
"""There is something to do after the upgrade and after a new token key, and then for a moment."""
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""


def subscriptions(_settings: Settings, _database: Database, clock: Clock) -> tuple[Subscription, ...]:
    return (decisions(clock), policies(clock))


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    vault = vault_of(settings)
    paying = Paying(
        database=database,
        bank=bank_of(settings),
        sealer=vault.sealer,
        clock=clock,
        lease_seconds=settings.rail_timeout_seconds * LEASE_TIMEOUTS,
    )
    return (
        Job("send-payouts", SEND_SECONDS, partial(send_next, paying)),
        Job("ask-bank", ASK_SECONDS, partial(ask_next, paying)),
        Job("read-bank-statement", STATEMENT_SECONDS, partial(read_on, paying)),
        Job("erase-payees", ERASE_SECONDS, partial(erase_next, database, clock)),
        Job("announce-payees", ANNOUNCE_SECONDS, partial(announce_next, database, vault, clock)),
        Job("count-payouts", COUNT_SECONDS, partial(count_states, database)),
    )


def run() -> None:
    """Until told to stop."""
    worker.run(Settings.load(), subscriptions, jobs)
