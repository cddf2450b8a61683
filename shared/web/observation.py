"""What is seen of each request: a span, a log line, counts and latency, and headers that keep browsers careful."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from flask import Flask, Response, g, request

from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger

log = get_logger()

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})


def install(app: Flask) -> None:
    """Watch every request of ``app``."""

    def begin() -> None:
        g.started = monotonic()
        g.span = ExitStack()
        parent = request.headers.get("traceparent")
        carrier = {} if parent is None else {"traceparent": parent, "tracestate": request.headers.get("tracestate", "")}
        g.span.enter_context(traces.span(f"{request.method} {_route()}", parent=carrier))

    def finish(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Trace-Id", traces.trace_id())
        seconds = monotonic() - g.started
        route = _route()
        # Only methods that we serve are labels: a caller may send any word as its method.
        method = request.method if response.status_code != 405 else "other"  # noqa: PLR2004
        metrics.HTTP_REQUESTS.labels(route, method, str(response.status_code)).inc()
        metrics.HTTP_SECONDS.labels(route, method).observe(seconds)
        if route not in _QUIET:
            log.info(
                "request", method=request.method, route=route, status=response.status_code, ms=round(seconds * 1000, 2)
            )
        return response

    def end(_error: BaseException | None) -> None:
        span: ExitStack | None = g.pop("span", None)
        if span is not None:
            span.close()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def _route() -> str:
    return "unknown" if request.url_rule is None else request.url_rule.rule
