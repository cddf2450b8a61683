"""A web process: serves one service's application until told to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask

from shared.entry import wiring
from shared.process import logs, traces
from shared.process.settings import Settings
from shared.server import master
from shared.web.auth.tokens import TokenVerifier
from shared.web.reply_seal import ReplySeal

S = TypeVar("S", bound=Settings)


def run(settings: S, application: Callable[[S], Flask]) -> None:
    """Serve HTTP; ``application`` is built in each of the server's processes, and connects to nothing until asked."""
    settings.needs("oidc_issuer", "oidc_jwks_url")
    logs.configure(settings.SERVICE, "web", settings.log_level)

    def build() -> Flask:
        traces.configure(settings.SERVICE, "web", settings.otel_exporter_otlp_endpoint)
        return application(settings)

    master.run(settings.SERVICE, settings, build)


def audience(service: str) -> str:
    """What a token for this service has as ``aud``, e.g. ``fangzha-fraud-detection``."""
    return f"fangzha-{service.replace('_', '-')}"


def verifier(settings: Settings) -> TokenVerifier:
    """Who checks the tokens of this service; ends the process if the issuer is not set."""
    issuer, jwks_url = settings.oidc_issuer, settings.oidc_jwks_url
    if issuer is None or jwks_url is None:
        settings.needs("oidc_issuer", "oidc_jwks_url")
        raise AssertionError("unreachable")
    return TokenVerifier(
        issuer, audience(settings.SERVICE), jwks_url, longest_seconds=settings.oidc_longest_token_seconds
    )


def reply_seal(settings: Settings) -> ReplySeal:
    """Who seals replies that are kept for repeated requests; ends the process if the keys are not set."""
    return ReplySeal(wiring.seal_keys(settings).keys)
