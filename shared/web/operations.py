"""/livez, /readyz and /metrics of a web process. What is checked and counted is registered elsewhere.

Public, for probes and scrapers carry no tokens; but only to who asks directly. A request that came through a proxy is
answered as if there were nothing: what the outside world reaches goes through one. Labels hold no ids and no names.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, abort, request

from shared.process import metrics
from shared.process.health import Health

ENDPOINTS: Final = ("livez", "readyz", "metrics")
_THROUGH_A_PROXY: Final = ("X-Forwarded-For", "Forwarded", "Via")


def install(app: Flask, health: Health) -> None:
    """Add the three paths."""

    def livez() -> Response:
        status, body = health.report(live=True)
        return Response(body, status, content_type="application/json")

    def readyz() -> Response:
        _only_directly()
        status, body = health.report(live=False)
        return Response(body, status, content_type="application/json")

    def show_metrics() -> Response:
        _only_directly()
        return Response(metrics.render(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule("/livez", "livez", livez)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", show_metrics)


def _only_directly() -> None:
    if any(name in request.headers for name in _THROUGH_A_PROXY):
        abort(404)
