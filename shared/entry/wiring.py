"""The parts that each service builds from its settings in the same way: database, clock, keys of privacy."""

from __future__ import annotations

from psycopg2.extensions import parse_dsn

from shared.db.pool import Database
from shared.db.sandbox_clock import clock_for
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.process.clock import Clock
from shared.process.settings import Settings, refuse

WAIT_SECONDS = 2.0
"""How long a request waits for a free connection before it is told to come back: longer than a burst, shorter than a
client's patience."""


def database(settings: Settings, process: str, *, size: int | None = None) -> Database:
    """The pool of this process; it connects when it is first used. PostgreSQL shows ``process`` as the application.

    ``size`` is that of a small pool beside the main one, for what must not wait for it.
    """
    return Database(
        settings.database_url.get_secret_value(),
        size=size or settings.database_pool_size,
        wait_seconds=WAIT_SECONDS,
        application_name=f"{settings.SERVICE}-{process}",
    )


def migration_url(settings: Settings) -> str:
    """The URL of the database's owner; ends the process if it is not set."""
    if settings.migration_database_url is None:
        settings.needs("migration_database_url")
        raise AssertionError("unreachable")
    return settings.migration_database_url.get_secret_value()


def role(settings: Settings) -> str:
    """The role that the service's processes are in the database; ends the process if the URL names none."""
    name = parse_dsn(settings.database_url.get_secret_value()).get("user")
    if name is None:
        refuse(settings.variable("database_url"), "names no user", "postgresql://user:password@host/database")
    return str(name)


def business_clock(settings: Settings, pool: Database) -> Clock:
    """Real time, or in a sandbox the time that its users chose."""
    return clock_for(pool, sandbox=settings.sandbox, begins_ahead=settings.sandbox_clock_ahead)


def token_keys(settings: Settings) -> KeyRing:
    """The keys of tokens; ends the process if they are not set."""
    if settings.token_keys is None:
        settings.needs("token_keys")
        raise AssertionError("unreachable")
    return KeyRing.parse(settings.token_keys.get_secret_value())


def sealer(settings: Settings) -> Sealer:
    """Who seals and opens this service's personal data; ends the process if its keys are not set."""
    return Sealer(seal_keys(settings))


def seal_keys(settings: Settings) -> KeyRing:
    """The keys of sealed values; ends the process if they are not set."""
    if settings.seal_keys is None:
        settings.needs("seal_keys")
        raise AssertionError("unreachable")
    return KeyRing.parse(settings.seal_keys.get_secret_value())
