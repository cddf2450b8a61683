"""Whether a process is alive and ready, and a small port that says so. What is checked is registered by its parts.

Alive: if not, restart it. Ready: if not, send it no work, for now. A database that is away makes a process unready, not
dead: a restart would not bring the database back.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

from shared.process import metrics

Check: TypeAlias = Callable[[], str | None]
"""None if all is well, else a sentence: what is wrong, and what to do about it. It does not raise."""


@dataclass(frozen=True, slots=True)
class Health:
    """The checks of one process, by name."""

    ready_checks: dict[str, Check] = field(default_factory=dict)
    live_checks: dict[str, Check] = field(default_factory=dict)

    def register(self, name: str, check: Check, *, live: bool = False) -> None:
        """Ask ``check`` at each /readyz, and with ``live`` at each /livez too."""
        self.ready_checks[name] = check
        if live:
            self.live_checks[name] = check

    def faults(self, *, live: bool) -> dict[str, str]:
        """The sentence of each check that is not well."""
        checks = self.live_checks if live else self.ready_checks
        return {name: fault for name, check in checks.items() if (fault := check()) is not None}

    def report(self, *, live: bool) -> tuple[int, bytes]:
        """An HTTP status and a JSON body: names of checks and their sentences."""
        faults = self.faults(live=live)
        checks = self.live_checks if live else self.ready_checks
        body = {"status": "unhealthy" if faults else "ok", "checks": {name: faults.get(name, "ok") for name in checks}}
        return (503 if faults else 200), json.dumps(body).encode()


class HealthServer:
    """A thread with /livez, /readyz and /metrics, on a port that other requests do not come to."""

    def __init__(self, health: Health, listener: socket.socket) -> None:
        self._server = ThreadingHTTPServer(listener.getsockname()[:2], _handler(health), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="health", daemon=True)

    @property
    def port(self) -> int:
        """The bound port, also when 0 asked for any free one."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def listening(host: str, port: int) -> socket.socket:
    """The socket of a HealthServer. Several processes may have one together: who comes too late to accept goes on."""
    listener = socket.create_server((host, port), backlog=128)
    listener.setblocking(False)
    return listener


def serve(health: Health, host: str, port: int) -> HealthServer:
    """Start the thread; its owner stops it."""
    server = HealthServer(health, listening(host, port))
    server.start()
    return server


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # A client that connects and says nothing must not hold a thread for ever.
        server_version = "fangzha"
        sys_version = ""

        def do_GET(self) -> None:
            content_type = "application/json"
            match self.path.partition("?")[0]:
                case "/livez":
                    status, body = health.report(live=True)
                case "/readyz":
                    status, body = health.report(live=False)
                case "/metrics":
                    status, body, content_type = 200, metrics.render(), metrics.CONTENT_TYPE
                case _:
                    status, body = 404, b'{"status":"unknown path; there are /livez, /readyz and /metrics"}'
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            """Probes come every few seconds; nobody reads them in a log."""

    return Handler
