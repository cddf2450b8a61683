"""A web process: gunicorn's master with workers of shared.server.worker. What they serve is the service's application.

Each worker builds it after the fork: connections and threads do not survive one. Health and metrics have a port of
their own, which the master opens and each worker answers: whatever the others' requests do, it is heard.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from shared.process import metrics_directory
from shared.process.health import HealthServer, listening
from shared.process.settings import Settings
from shared.server.worker import WebWorker
from shared.web.app import health_of

if TYPE_CHECKING:
    from flask import Flask

GRACE_SECONDS: Final = 25
"""For requests at work when the process should stop: below the 30 seconds that Kubernetes waits before it kills."""
SILENT_SECONDS: Final = 60
"""A worker whose main thread says nothing for this long hangs, and is replaced. The others may work longer."""


class PropagatingLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's log through the process's own: JSON, with one format for all."""

    def setup(self, cfg: Any) -> None:
        """Levels as gunicorn sets them; handlers are the root logger's."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's master for one service."""

    def __init__(self, name: str, settings: Settings, build: Callable[[], Flask]) -> None:
        self._name = name
        self._settings = settings
        self._build = build
        # Opened before the workers are forked: all of them answer it, like the other one.
        self._health_socket = listening(settings.health_host, settings.health_port)
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options: dict[str, object] = {
            "bind": f"{settings.web_host}:{settings.web_port}",
            "proc_name": f"fangzha-{self._name}",
            "worker_class": WebWorker,
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "timeout": SILENT_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "preload_app": False,
            "accesslog": None,
            "loglevel": settings.log_level.lower(),
            "logger_class": PropagatingLogger,
            # A heartbeat file on a disk may block; memory does not.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  # gunicorn makes it safely
            # It would make a socket in the home directory, which an image keeps read-only.
            "control_socket_disable": True,
            "child_exit": _forget_worker,
        }
        for key, value in options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        app = self._build()
        HealthServer(health_of(app), self._health_socket).start()
        return app


class _Worker(Protocol):
    pid: int


def _forget_worker(_server: object, worker: _Worker) -> None:
    if metrics_directory.VARIABLE in os.environ:
        metrics_directory.worker_ended(worker.pid)


def share_metrics(settings: Settings) -> Path | None:
    """Let several workers add up their metrics; the folder to remove in the end, if this process made one.

    May start this very command anew: the metrics client looks at its variable once, when it is imported.
    """
    if settings.web_workers == 1 or metrics_directory.VARIABLE in os.environ:
        return _made_before()
    directory = Path(tempfile.mkdtemp(prefix="fangzha-metrics-"))
    os.environ[_MADE] = str(directory)
    if "prometheus_client" in sys.modules:
        os.environ[metrics_directory.VARIABLE] = str(directory)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # itself, with the same arguments
    metrics_directory.use(directory)
    return directory


_MADE: Final = "FANGZHA_METRICS_DIRECTORY_MADE"


def _made_before() -> Path | None:
    made = os.environ.get(_MADE)
    return Path(made) if made else None


def run(name: str, settings: Settings, build: Callable[[], Flask]) -> None:
    """Serve until told to stop."""
    directory = share_metrics(settings)
    try:
        WebServer(name, settings, build).run()
    finally:
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)
