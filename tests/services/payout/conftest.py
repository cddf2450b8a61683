"""A fresh payout database, a bank of its own, and the service between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deploy.local.issuer import Issuer
from services.payout.tools import TOOLS
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.privacy.vault import Vault
from tests import clock
from tests.real_parts import Postgres, Room
from tests.sandbox_bank.bank_process import RunningBank
from tests.services.payout.builders import HASTY_SECONDS, PATIENT_SECONDS, Service

KEYS = KeyRing({1: bytes(range(32))})


@pytest.fixture
def database(payout_url: str) -> Iterator[Database]:
    database = Database(payout_url, size=12, wait_seconds=30)
    yield database
    database.close()


@pytest.fixture
def owner(postgres: Postgres, payout_url: str) -> Iterator[Database]:
    """The same database as its owner: for what no process of the service may do."""
    database = Database(postgres.owner_url(payout_url), size=2)
    yield database
    database.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(Tokenizer(KEYS), Sealer(KEYS))


@pytest.fixture
def bank(tmp_path: Path, room: Room) -> Iterator[RunningBank]:
    bank = RunningBank(tmp_path, room.mark)
    yield bank
    bank.close()


@pytest.fixture
def service(database: Database, vault: Vault, bank: RunningBank) -> Service:
    return Service(database, vault, bank)


@pytest.fixture
def hasty(database: Database, vault: Vault, bank: RunningBank) -> Service:
    """The service where it does not wait for long, for banks that are silent."""
    return Service(database, vault, bank, timeout_seconds=HASTY_SECONDS)


@pytest.fixture
def environ(payout_url: str, issuer: Issuer, bank: RunningBank) -> dict[str, str]:
    """Settings of a sandbox without Kafka: HTTP does not depend on it."""
    key = KEYS.key(1).hex()
    return {
        "PAYOUT_DATABASE_URL": payout_url,
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "TOKEN_KEYS": f"1:{key}",
        "SEAL_KEYS": f"1:{key}",
        **clock.sandbox(),
        "PAYOUT_RAIL_URL": bank.url,
        "PAYOUT_RAIL_TOKEN": bank.token,
        "PAYOUT_RAIL_TIMEOUT_SECONDS": str(PATIENT_SECONDS),
    }


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    return TOOLS.web(TOOLS.settings.load(environ))


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()
