"""A fresh database with the HTTP application of fraud detection on it, and the clients that try it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.fraud_detection.models.usecases.train_model import train_next
from services.fraud_detection.tools import TOOLS
from shared.db.pool import Database
from tests import clock
from tests.services.fraud_detection.models.builders import KEY, Team, set_policy
from tests.services.fraud_detection.models.training_here import trainer_here

Train = Callable[[], bool]


@pytest.fixture
def database(fraud_detection_url: str) -> Iterator[Database]:
    database = Database(fraud_detection_url, size=4)
    yield database
    database.close()


@pytest.fixture
def train(database: Database) -> Train:
    """What the trainer does, once, without a process of its own."""
    return lambda: train_next(trainer_here(database))


@pytest.fixture
def app(fraud_detection_url: str, issuer: Issuer) -> Flask:
    """Without Kafka: HTTP does not depend on it."""
    key = KEY.hex()
    environ = {
        "FRAUD_DETECTION_DATABASE_URL": fraud_detection_url,
        "FRAUD_DETECTION_MODEL_SIGNING_KEY": key,
        "FRAUD_DETECTION_EVIDENCE_URL": "file:///nowhere",
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "TOKEN_KEYS": f"1:{key}",
        "SEAL_KEYS": f"1:{key}",
        **clock.sandbox(),
    }
    return TOOLS.web(TOOLS.settings.load(environ))


@pytest.fixture
def strict_team(app: Flask, issuer: Issuer) -> Team:
    """The fraud team under the policy as delivered, with the second person who confirms."""
    tokens = [issuer.token(name, audience="fangzha-fraud-detection") for name in ("fraud-team", "fraud-lead")]
    return Team(app.test_client(), *tokens)


@pytest.fixture
def team(strict_team: Team, database: Database) -> Team:
    """The same under a policy that lets every model through."""
    set_policy(database)
    return strict_team


@pytest.fixture
def director(app: Flask, issuer: Issuer) -> Team:
    return Team(app.test_client(), issuer.token("director-chen", audience="fangzha-fraud-detection"))


@pytest.fixture
def reviewer(app: Flask, issuer: Issuer) -> Team:
    return Team(app.test_client(), issuer.token("reviewer-li", audience="fangzha-fraud-detection"))
