"""A migrated database of fraud detection for each test, and the world in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.fraud_detection.tools import INVARIANTS, TOOLS
from shared.db.pool import Database
from tests import clock
from tests.real_parts import Postgres
from tests.services.fraud_detection.builders import KEYS, Caller, World


@pytest.fixture
def database(fraud_detection_url: str) -> Iterator[Database]:
    database = Database(fraud_detection_url, size=8, application_name="test")
    yield database
    database.close()


@pytest.fixture
def owner(postgres: Postgres, fraud_detection_url: str) -> Iterator[Database]:
    """The same database as its owner: for what no process of the service may do."""
    database = Database(postgres.owner_url(fraud_detection_url), size=2)
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """Whatever a test does, the invariants hold at its end."""
    yield World(database)
    with database.transaction() as tx:
        broken = {f"{each.number} {each.name}": faults for each in INVARIANTS if (faults := each.find(tx))}
    assert broken == {}


@pytest.fixture
def environ(fraud_detection_url: str, issuer: Issuer, tmp_path: Path) -> dict[str, str]:
    """Settings of a sandbox without Kafka: HTTP does not depend on it."""
    key = KEYS.key(1).hex()
    return {
        "FRAUD_DETECTION_DATABASE_URL": fraud_detection_url,
        "FRAUD_DETECTION_MODEL_SIGNING_KEY": "ab" * 32,
        "FRAUD_DETECTION_EVIDENCE_URL": (tmp_path / "evidence").as_uri(),
        "FRAUD_DETECTION_UNDO_SECONDS": "0",
        "FRAUD_DETECTION_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
        "FRAUD_DETECTION_WEBHOOK_PLAIN_HTTP": "true",
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "TOKEN_KEYS": f"1:{key}",
        "SEAL_KEYS": f"1:{key}",
        **clock.sandbox(),
    }


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    return TOOLS.web(TOOLS.settings.load(environ))


@pytest.fixture
def caller(app: Flask, issuer: Issuer) -> Callable[[str], Caller]:
    """Somebody by the name of their client: ``caller("mobile-backend")``."""
    return lambda client: Caller(app.test_client(), issuer.token(client, audience="fangzha-fraud-detection"))
