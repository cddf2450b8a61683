"""A fresh enrollment database with the shipped product and the two partners, and the HTTP application on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.tools import TOOLS
from services.enrollment.webhooks.wiring import PARTNERS
from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.webhooks.usecases.send import Sender
from tests import clock
from tests.real_parts import Postgres
from tests.services.enrollment.builders import Partner, settle
from tests.services.enrollment.policies.lifecycle import Office
from tests.services.enrollment.webhooks.receiver import Receiver, listening

KEYS = KeyRing({1: bytes(range(32))})

NewSender = Callable[..., Sender]
"""Makes a further sender of webhooks, as another worker has it; with other keys, if a Sealer is given."""


@pytest.fixture
def database(enrollment_url: str) -> Iterator[Database]:
    database = Database(enrollment_url, size=4)
    settle(database)
    yield database
    database.close()


@pytest.fixture
def owner(postgres: Postgres, enrollment_url: str) -> Iterator[Database]:
    """The same database as its owner: for what no process of the service may do."""
    database = Database(postgres.owner_url(enrollment_url), size=2)
    yield database
    database.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(Tokenizer(KEYS), Sealer(KEYS))


@pytest.fixture
def environ(enrollment_url: str, issuer: Issuer) -> dict[str, str]:
    """Settings of a sandbox without Kafka: HTTP does not depend on it."""
    key = KEYS.key(1).hex()
    return {
        "ENROLLMENT_DATABASE_URL": enrollment_url,
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "TOKEN_KEYS": f"1:{key}",
        "SEAL_KEYS": f"1:{key}",
        **clock.sandbox(),
        "ENROLLMENT_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
        "ENROLLMENT_WEBHOOK_PLAIN_HTTP": "true",
    }


@pytest.fixture
def app(database: Database, environ: dict[str, str]) -> Flask:
    return TOOLS.web(TOOLS.settings.load(environ))


@pytest.fixture
def east(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("telecom-east"))


@pytest.fixture
def west(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("telecom-west"))


@pytest.fixture
def product_manager(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("product-manager"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def new_sender(database: Database) -> NewSender:
    courier = Courier(parse_networks("127.0.0.0/8"), plain_http=True)
    return lambda sealer=None: Sender(database, courier, sealer or Sealer(KEYS), clock.CLOCK, PARTNERS)


@pytest.fixture
def sender(new_sender: NewSender) -> Sender:
    return new_sender()


@pytest.fixture
def partner_manager(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("partner-manager"))


@pytest.fixture
def office(database: Database, vault: Vault) -> Office:
    return Office(database, vault)


@pytest.fixture
def privacy_officer(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("privacy-officer"))


@pytest.fixture
def accountant(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("finance-chen"))


@pytest.fixture
def approver(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("finance-lin"))
