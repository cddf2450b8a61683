"""A database with the platform's tables and the notes' own, and the notes' application on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.db.migrate import migrate
from shared.db.pool import Database
from shared.process.new_ids import new_id
from tests.real_parts import Postgres
from tests.shared.web.builders import TABLES, Caller, Desk, TestIssuer, notes_app


@pytest.fixture(scope="session")
def notes_template(postgres: Postgres) -> str:
    name = "template_notes"
    postgres.run(f"CREATE DATABASE {name}")
    url = postgres.server.url(name)
    migrate(url, [])
    database = Database(url, size=1)
    with database.transaction() as tx:
        tx.execute(TABLES)
    database.close()
    return name


@pytest.fixture
def notes_url(postgres: Postgres, notes_template: str) -> Iterator[str]:
    name = f"notes_{new_id().replace('-', '')}"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE {notes_template} STRATEGY FILE_COPY")
    yield postgres.server.url(name)
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(notes_url: str) -> Iterator[Database]:
    database = Database(notes_url, size=4, wait_seconds=0.2)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def own_issuer() -> TestIssuer:
    return TestIssuer()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def caller(database: Database, own_issuer: TestIssuer, desk: Desk) -> Caller:
    app = notes_app(database, own_issuer.verifier(), desk=desk)
    return Caller(app.test_client(), own_issuer.token())
