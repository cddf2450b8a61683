"""Databases that hold the platform's tables and no service's, cloned from one template a session."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.postgresql import owner_of
from shared.db.migrate import migrate
from tests.real_parts import Postgres

_OWNER = owner_of("payout")
_TEMPLATE = "template_platform"
_numbers = itertools.count(1)
_made: set[int] = set()


@contextmanager
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The URL of a database without any table."""
    name = f"platform_{next(_numbers)}"
    postgres.run(f"CREATE DATABASE {name} OWNER {_OWNER}")
    try:
        yield postgres.url_of(_OWNER, name)
    finally:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def platform_database(postgres: Postgres) -> Iterator[str]:
    """The URL of a database with the platform's tables."""
    if id(postgres) not in _made:
        postgres.run(f"CREATE DATABASE {_TEMPLATE} OWNER {_OWNER}")
        migrate(postgres.url_of(_OWNER, _TEMPLATE), [])
        _made.add(id(postgres))
    name = f"platform_{next(_numbers)}"
    postgres.run(f"CREATE DATABASE {name} OWNER {_OWNER} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    try:
        yield postgres.url_of(_OWNER, name)
    finally:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")
