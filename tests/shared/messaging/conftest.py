"""For each test: a fresh database, topics of its own on the session's broker, and what runs relays and consumers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.db.pool import Database
from shared.messaging.kafka_link import Link
from tests.real_parts import Postgres
from tests.shared.messaging.builders import Desk
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


@pytest.fixture
def link(kafka: str, topic_prefix: str) -> Link:
    return Link(kafka, topic_prefix)


@pytest.fixture
def desk(platform_url: str, database: Database, link: Link) -> Iterator[Desk]:
    desk = Desk(platform_url, database, link)
    yield desk
    desk.close()
