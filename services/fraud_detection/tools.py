"""What fraud detection's commands need: its tables, its invariants, its document."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.fraud_detection.settings import Settings
from services.fraud_detection.store.invariants import INVARIANTS
from shared.db.pool import Database
from shared.entry.tools import Tools
from shared.entry.verify import Check, checks_in


def checks(_settings: Settings, database: Database) -> tuple[Check, ...]:
    return checks_in(database, INVARIANTS)


TOOLS: Final = Tools(
    package="services.fraud_detection",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    checks=checks,
)
