"""What enrollment's commands need: its tables, its invariants, its document, and what it ships with."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from typer import Typer

from services.enrollment.files.store import integrity as files
from services.enrollment.partners import tools as contracts_file
from services.enrollment.partners.store import integrity as partners
from services.enrollment.partners.usecases.follow_contracts import follow_contracts
from services.enrollment.policies.store import integrity as policies
from services.enrollment.policies.usecases.erase_person import records_that_open
from services.enrollment.policies.wiring import vault_of
from services.enrollment.products import tools as products
from services.enrollment.products.usecases import shipped
from services.enrollment.products.usecases.publish_product import install_products
from services.enrollment.settings import Settings
from services.enrollment.statements import tools as statements
from services.enrollment.statements.store import statement_sums
from services.enrollment.webhooks.store import integrity as webhooks
from shared.db.invariants import Invariant
from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.tools import Tools
from shared.entry.verify import Check, checks_in

INSTALLER: Final = "installation"
"""Who the audit trail says published the products that the service ships with; a trigger of 0007 knows it too."""
INVARIANTS: Final = tuple(
    each for wing in (partners, policies, files, statement_sums, webhooks) for each in wing.INVARIANTS
)


def checks(settings: Settings, database: Database) -> tuple[Check, ...]:
    opens = partial(records_that_open, vault=vault_of(settings))
    return checks_in(database, (*INVARIANTS, Invariant(12, "the sealed record of an erased person is empty", opens)))


def after_migrate(settings: Settings, database: Database) -> None:
    """Publish the shipped products once, and bring the partners' contracts up to date with their file."""
    file = settings.contracts_file or (contracts_file.SIMULATED_CONTRACTS if settings.sandbox else None)
    contracts = contracts_file.contracts(file) if file else []
    now = wiring.business_clock(settings, database).now()
    with database.transaction() as tx:
        install_products(tx, shipped.products(), actor=INSTALLER, now=now)
        follow_contracts(tx, contracts, actor=INSTALLER, now=now)


def add_commands(cli: Typer) -> None:
    def database() -> Database:
        return wiring.database(Settings.load(), "command")

    products.add_commands(cli, database)
    statements.add_commands(cli, database)


TOOLS: Final = Tools(
    package="services.enrollment",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    checks=checks,
    after_migrate=after_migrate,
    add_commands=add_commands,
)
