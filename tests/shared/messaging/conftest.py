"""For each test: topics of its own on the session's broker, and what runs relays and consumers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.db.pool import Database
from shared.messaging.kafka_link import Link
from tests.shared.messaging.builders import Desk


@pytest.fixture
def link(kafka: str, topic_prefix: str) -> Link:
    return Link(kafka, topic_prefix)


@pytest.fixture
def desk(platform_url: str, database: Database, link: Link) -> Iterator[Desk]:
    desk = Desk(platform_url, database, link)
    yield desk
    desk.close()
