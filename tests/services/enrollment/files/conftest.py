"""A database and keys as a worker process of enrollment has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from shared.messaging import topics
from shared.messaging.kafka_link import Link
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from tests.conftest import Environment
from tests.services.enrollment.builders import (
    settle,
)


@pytest.fixture
def whole(environment: Environment) -> dict[str, str]:
    return environment("enrollment")


@pytest.fixture
def base(whole: dict[str, str]) -> Iterator[Database]:
    database = Database(whole["ENROLLMENT_DATABASE_URL"], size=2)
    settle(database)
    settings = TOOLS.settings.load(whole)
    subscriptions = TOOLS.subscriptions(settings, database, None)  # type: ignore[arg-type]  # ours ask for no clock
    topics.ensure("enrollment", subscriptions, Link.from_settings(settings), partitions=4, replication=1)
    yield database
    database.close()


@pytest.fixture
def keys(whole: dict[str, str]) -> Vault:
    return Vault(Tokenizer(KeyRing.parse(whole["TOKEN_KEYS"])), Sealer(KeyRing.parse(whole["SEAL_KEYS"])))
