"""A migrated database of fraud detection for each test, and the world in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.fraud_detection.usecases.check_invariants import INVARIANTS
from shared.db.pool import Database
from tests.services.fraud_detection.builders import World


@pytest.fixture
def database(fraud_detection_url: str) -> Iterator[Database]:
    database = Database(fraud_detection_url, size=8, application_name="test")
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """Whatever a test does, the invariants hold at its end."""
    yield World(database)
    with database.transaction() as tx:
        broken = {f"{number} {name}": faults for number, name, query in INVARIANTS if (faults := query(tx))}
    assert broken == {}
