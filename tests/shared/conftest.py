"""A fresh database with the platform's tables for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.db.pool import Database
from tests.real_parts import Postgres
from tests.shared.platform_database import platform_database


@pytest.fixture
def platform_url(postgres: Postgres) -> Iterator[str]:
    with platform_database(postgres) as url:
        yield url


@pytest.fixture
def database(platform_url: str) -> Iterator[Database]:
    database = Database(platform_url, size=8)
    yield database
    database.close()
