"""The only wiring of payout. Each part imports its edge when asked for: a web process loads no Kafka client."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.payout.settings import Settings
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check
from shared.process.settings import refuse

if TYPE_CHECKING:
    from flask import Flask

    from services.payout.rail.bank import Bank
    from services.payout.usecases.register_payee import Vault
    from shared.db.pool import Database
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
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""


def web(settings: Settings) -> Flask:
    from services.payout.api.deps import Deps  # noqa: PLC0415  # see the module's docstring
    from services.payout.api.ledger import ledger  # noqa: PLC0415
    from services.payout.api.payees import payees  # noqa: PLC0415
    from services.payout.api.payouts import payouts  # noqa: PLC0415
    from services.payout.api.problems import PROBLEMS  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.web.app import create_app  # noqa: PLC0415

    database = wiring.database(settings, "web")
    return create_app(
        "Fangzha payout",
        version="1.0.0",
        description="The payee vault, payouts of approved claims, the ledger, and its reconciliation with the bank.",
        resources=(payees, payouts, ledger),
        problems=PROBLEMS,
        deps=Deps(vault=_vault(settings), bank=_bank(settings), database=database),
        database=database,
        clock=wiring.business_clock(settings, database),
        verifier=wiring.verifier(settings),
        seal=wiring.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def subscriptions(_settings: Settings, _database: Database, clock: Clock) -> tuple[Subscription, ...]:
    from services.payout.consumers.decisions import decisions  # noqa: PLC0415
    from services.payout.consumers.policies import policies  # noqa: PLC0415

    return (decisions(clock), policies(clock))


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    from services.payout.usecases.ask_bank import ask_next  # noqa: PLC0415
    from services.payout.usecases.count_states import count_states  # noqa: PLC0415
    from services.payout.usecases.erase_payees import erase_next  # noqa: PLC0415
    from services.payout.usecases.paying import Paying  # noqa: PLC0415
    from services.payout.usecases.read_statement import read_on  # noqa: PLC0415
    from services.payout.usecases.send_payout import send_next  # noqa: PLC0415
    from shared.messaging.jobs import Job  # noqa: PLC0415

    paying = Paying(
        database=database,
        bank=_bank(settings),
        sealer=_vault(settings).sealer,
        clock=clock,
        lease_seconds=settings.rail_timeout_seconds * LEASE_TIMEOUTS,
    )
    return (
        Job("send-payouts", SEND_SECONDS, partial(send_next, paying)),
        Job("ask-bank", ASK_SECONDS, partial(ask_next, paying)),
        Job("read-bank-statement", STATEMENT_SECONDS, partial(read_on, paying)),
        Job("erase-payees", ERASE_SECONDS, partial(erase_next, database, clock)),
        Job("count-payouts", COUNT_SECONDS, partial(count_states, database)),
    )


def checks(settings: Settings, database: Database) -> tuple[Check, ...]:
    from services.payout.usecases import check_books, check_vault  # noqa: PLC0415

    books = check_books.Books(database, _bank(settings))
    return (
        *(Check(number, name, partial(run, books)) for number, name, run in check_books.CHECKS),
        Check(12, check_vault.NAME, partial(check_vault.run, database, _vault(settings).sealer)),
        Check(12, check_vault.FORGOTTEN, partial(check_vault.not_forgotten, database)),
    )


def _bank(settings: Settings) -> Bank:
    from services.payout.rail.http_bank import HttpBank  # noqa: PLC0415

    settings.needs("rail_url", "rail_token")
    assert settings.rail_url is not None  # noqa: S101  # for mypy; `needs` has ended the process otherwise
    assert settings.rail_token is not None  # noqa: S101
    if settings.rail_url.startswith("http://") and not settings.sandbox:
        refuse(settings.variable("rail_url"), "is not encrypted", "an address that starts with https://")
    return HttpBank(settings.rail_url, settings.rail_token.get_secret_value(), settings.rail_timeout_seconds)


def _vault(settings: Settings) -> Vault:
    from services.payout.usecases.register_payee import Vault  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.privacy.tokens import Tokenizer  # noqa: PLC0415

    return Vault(Tokenizer(wiring.token_keys(settings)), wiring.sealer(settings))


PARTS: Final = ServiceParts(
    name="payout",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    web=web,
    subscriptions=subscriptions,
    jobs=jobs,
    checks=checks,
)
