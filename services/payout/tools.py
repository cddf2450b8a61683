"""What payout's commands need: its tables, its invariants, its document."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from services.payout.settings import Settings
from services.payout.usecases import check_books, check_vault
from services.payout.wiring import bank_of, vault_of
from shared.db.pool import Database
from shared.entry.tools import Tools
from shared.entry.verify import Check


def checks(settings: Settings, database: Database) -> tuple[Check, ...]:
    books = check_books.Books(database, bank_of(settings))
    return (
        *(Check(number, name, partial(run, books)) for number, name, run in check_books.CHECKS),
        Check(12, check_vault.NAME, partial(check_vault.run, database, vault_of(settings).sealer)),
        Check(12, check_vault.FORGOTTEN, partial(check_vault.not_forgotten, database)),
    )


TOOLS: Final = Tools(
    package="services.payout",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    checks=checks,
)
