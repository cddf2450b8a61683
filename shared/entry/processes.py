"""The three kinds of processes: web, worker and relay. Each sets up logs and traces, runs, and drains at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from shared.entry import wiring
from shared.entry.service_parts import ServiceParts
from shared.process import logs, traces
from shared.process.health import Health, serve
from shared.process.settings import Settings
from shared.process.shutdown import Stopping

S = TypeVar("S", bound=Settings)


def web(parts: ServiceParts[S], settings: S) -> None:
    """Serve HTTP until told to stop."""
    from flask import Flask  # noqa: PLC0415  # other processes load no web framework

    from shared.server import master  # noqa: PLC0415

    settings.needs("oidc_issuer", "oidc_jwks_url")
    logs.configure(parts.name, "web", settings.log_level)

    def build() -> Flask:
        traces.configure(parts.name, "web", settings.otel_exporter_otlp_endpoint)
        return parts.web(settings)

    master.run(parts.name, settings, build)


def worker(parts: ServiceParts[S], settings: S) -> None:
    """Consume events and run jobs until told to stop."""
    from shared.messaging import worker as runner  # noqa: PLC0415  # a web process loads no Kafka client
    from shared.messaging.kafka_link import Link  # noqa: PLC0415

    settings.needs("kafka_bootstrap_servers")
    with _process(parts.name, "worker", settings) as (health, stopping):
        pool = wiring.database(settings, "worker")
        health.register("database", pool.ping)
        clock = wiring.business_clock(settings, pool)
        try:
            runner.run(
                parts.name,
                link=Link.from_settings(settings),
                database=pool,
                subscriptions=parts.subscriptions(settings, pool, clock),
                jobs=parts.jobs(settings, pool, clock),
                health=health,
                stopping=stopping,
            )
        finally:
            pool.close()


def relay(parts: ServiceParts[S], settings: S) -> None:
    """Publish what the outbox holds until told to stop."""
    from shared.messaging import relay as runner  # noqa: PLC0415  # a web process loads no Kafka client
    from shared.messaging.kafka_link import Link  # noqa: PLC0415

    settings.needs("kafka_bootstrap_servers")
    with _process(parts.name, "relay", settings) as (health, stopping):
        url = settings.database_url.get_secret_value()
        link = Link.from_settings(settings)
        runner.run(parts.name, link, url, health, stopping, gather_seconds=parts.gather_seconds)


@contextmanager
def _process(service: str, process: str, settings: Settings) -> Iterator[tuple[Health, Stopping]]:
    """What a worker and a relay have around them: logs, traces, signals, and a port for probes and metrics."""
    logs.configure(service, process, settings.log_level)
    traces.configure(service, process, settings.otel_exporter_otlp_endpoint)
    stopping = Stopping()
    stopping.listen()
    health = Health()
    server = serve(health, settings.health_host, settings.health_port)
    log = logs.get_logger()
    log.info("started", health_port=server.port)
    try:
        yield health, stopping
    finally:
        server.stop()
        traces.flush()
        log.info("stopped")
