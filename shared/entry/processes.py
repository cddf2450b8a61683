"""The three kinds of processes: web, worker and relay. Each sets up its logs and traces, runs, and drains at the end."""

from __future__ import annotations

from typing import TypeVar

from shared.entry.service_parts import ServiceParts
from shared.process import logs, traces
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)


def web(parts: ServiceParts[S], settings: S) -> None:
    """Serve HTTP until told to stop."""
    from flask import Flask  # noqa: PLC0415  # other processes load no web framework

    from shared.entry import web_server  # noqa: PLC0415

    settings.needs("oidc_issuer", "oidc_jwks_url")
    logs.configure(parts.name, "web", settings.log_level)

    def build() -> Flask:
        traces.configure(parts.name, "web", settings.otel_exporter_otlp_endpoint)
        return parts.web(settings)

    web_server.run(parts.name, settings, build)
