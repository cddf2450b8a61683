"""A database and keys as a worker process of enrollment has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from tests.conftest import Environment
from tests.services.enrollment.files.worker_process import worker_database


@pytest.fixture
def whole(environment: Environment) -> dict[str, str]:
    return environment("enrollment")


@pytest.fixture
def base(whole: dict[str, str]) -> Iterator[Database]:
    with worker_database(whole) as database:
        yield database


@pytest.fixture
def keys(whole: dict[str, str]) -> Vault:
    return Vault(Tokenizer(KeyRing.parse(whole["TOKEN_KEYS"])), Sealer(KeyRing.parse(whole["SEAL_KEYS"])))
