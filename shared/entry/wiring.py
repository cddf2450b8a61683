"""The parts that each service builds from its settings in the same way: database, clock, token verifier."""

from __future__ import annotations

from shared.db.pool import Database
from shared.db.sandbox_clock import clock_for
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.web.auth import TokenVerifier

WAIT_SECONDS = 2.0
"""How long a request waits for a free connection before it is told to come back: longer than a burst, shorter than a
client's patience."""


def database(settings: Settings, process: str) -> Database:
    """The pool of this process; it connects when it is first used. PostgreSQL shows ``process`` as the application."""
    return Database(
        settings.database_url.get_secret_value(),
        size=settings.database_pool_size,
        wait_seconds=WAIT_SECONDS,
        application_name=f"{settings.SERVICE}-{process}",
    )


def business_clock(settings: Settings, pool: Database) -> Clock:
    """Real time, or in a sandbox the time that its users chose."""
    return clock_for(pool, sandbox=settings.sandbox)


def audience(service: str) -> str:
    """What a token for this service has as ``aud``, e.g. ``fangzha-fraud-detection``."""
    return f"fangzha-{service.replace('_', '-')}"


def verifier(settings: Settings) -> TokenVerifier:
    """Who checks the tokens of this service; ends the process if the issuer is not set."""
    issuer, jwks_url = settings.oidc_issuer, settings.oidc_jwks_url
    if issuer is None or jwks_url is None:
        settings.needs("oidc_issuer", "oidc_jwks_url")
        raise AssertionError("unreachable")
    return TokenVerifier(issuer, audience(settings.SERVICE), jwks_url)
