"""A web server with two threads and little patience around a small application: ``python -m ... <port>``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from gunicorn.app.base import BaseApplication

from shared.process import logs
from shared.server.connection import Patience
from shared.server.worker import WebWorker

MEGABYTE = 1_000_000
PATIENCE = Patience(request=4.0, head=1.5, part=2.0, taking=2.0, leaving=1.0)


class HurriedWorker(WebWorker):
    patience = PATIENCE
    most_connections = 40
    most_held = 4 * MEGABYTE


class SmallWeb(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    def load_config(self) -> None:
        options: dict[str, object] = {
            "bind": f"127.0.0.1:{sys.argv[1]}",
            "worker_class": HurriedWorker,
            "threads": 2,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for key, value in options.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        logs.configure("small", "web")
        return application


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Says back what came; some paths behave in other ways."""
    match environ["PATH_INFO"]:
        case "/many":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return pieces(200 * MEGABYTE)
        case "/midway":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return breaking_off()
        case "/bug":
            raise RuntimeError("secret of the house")
        case "/two-lines":
            start_response("200 OK", [("X-Note", "one\r\nX-Other: two"), ("Content-Length", "0")])
            return []
        case "/slow":
            time.sleep(1.0)
        case "/unread":
            return said(start_response, b"not read")
        case "/nothing":
            start_response("204 No Content", [])
            return []
    body = environ["wsgi.input"].read()
    shown = {key: value for key, value in environ.items() if key.startswith("HTTP_X_")}
    line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']} {shown} {len(body)}|"
    return said(start_response, line.encode("latin-1") + body[:100])


def said(start_response: Any, text: bytes) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 100_000):
        yield b"x" * 100_000


def breaking_off() -> Iterator[bytes]:
    yield b"first"
    raise RuntimeError("secret of the house")


if __name__ == "__main__":
    SmallWeb().run()
