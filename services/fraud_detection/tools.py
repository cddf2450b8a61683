"""What fraud detection's commands need: its tables, its invariants, its document."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.fraud_detection.settings import Settings
from services.fraud_detection.store.invariants import INVARIANTS
from services.fraud_detection.web import application
from services.fraud_detection.worker import subscriptions
from shared.db.pool import Database
from shared.entry.tools import Tools
from shared.entry.verify import Check, checks_in


def checks(_settings: Settings, database: Database) -> tuple[Check, ...]:
    return checks_in(database, INVARIANTS)


TOOLS: Final = Tools(
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    web=application,
    subscriptions=subscriptions,
    checks=checks,
)
