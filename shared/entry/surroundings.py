"""What a worker and a relay have around them. A web process has its server for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from shared.process import logs, traces
from shared.process.health import Health, serve
from shared.process.settings import Settings, refuse
from shared.process.shutdown import Stopping


@contextmanager
def surroundings(process: str, settings: Settings) -> Iterator[tuple[Health, Stopping]]:
    """Logs, traces, signals, and a port for probes and metrics; taken down in the end."""
    logs.configure(settings.SERVICE, process, settings.log_level)
    traces.configure(settings.SERVICE, process, settings.otel_exporter_otlp_endpoint)
    stopping = Stopping()
    stopping.listen()
    health = Health()
    try:
        server = serve(health, settings.health_host, settings.health_port)
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # without the address that Python repeats
        refuse("HEALTH_PORT", f"cannot be listened on ({reason})", "a port that no other process has")
    log = logs.get_logger()
    log.info("started", health_port=server.port)
    try:
        yield health, stopping
    finally:
        server.stop()
        traces.flush()
        log.info("stopped")
