"""What fraud detection's commands need: its tables, its invariants, its document."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from typer import Typer

from services.fraud_detection.claims import tools as claim_tools
from services.fraud_detection.claims.store import integrity as claims
from services.fraud_detection.decisions.store import integrity as decisions
from services.fraud_detection.erasure.store import integrity as erasure
from services.fraud_detection.models import tools as model_tools
from services.fraud_detection.reviews import tools as review_tools
from services.fraud_detection.reviews.store import integrity as reviews
from services.fraud_detection.settings import Settings
from services.fraud_detection.webhooks.store import integrity as webhooks
from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.tools import Tools
from shared.entry.verify import Check, checks_in

INVARIANTS: Final = tuple(each for wing in (webhooks, claims, decisions, reviews, erasure) for each in wing.INVARIANTS)


def checks(_settings: Settings, database: Database) -> tuple[Check, ...]:
    return checks_in(database, INVARIANTS)


def add_commands(cli: Typer) -> None:
    def database() -> Database:
        return wiring.database(Settings.load(), "command")

    claim_tools.add_commands(cli)
    model_tools.add_commands(cli)
    review_tools.add_commands(cli, database)


TOOLS: Final = Tools(
    package="services.fraud_detection",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    checks=checks,
    add_commands=add_commands,
)
