"""What is seen of each request: a span, a log line, counts and latency, and headers that keep browsers careful."""

from __future__ import annotations

from contextlib import ExitStack
from functools import lru_cache
from typing import Final

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.web.auth import Principal

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
_PAIRS: Final = tuple(HEADERS.items())
_OWN_POLICY: Final = ("Content-Security-Policy", "Cache-Control")
"""Those that a response may bring itself: the documentation's page and its files do."""


def install(app: Flask) -> None:
    """Watch every request of ``app``."""

    def begin() -> None:
        g.started = monotonic()
        g.span = ExitStack()
        parent = request.headers.get("traceparent")
        carrier = {} if parent is None else {"traceparent": parent, "tracestate": request.headers.get("tracestate", "")}
        g.span.enter_context(traces.span(f"{request.method} {_route()}", parent=carrier))

    def finish(response: Response) -> Response:
        # In one go: setdefault looks through all headers each time, which came to a tenth of a request.
        given = {name for name in _OWN_POLICY if name in response.headers}
        response.headers.extend([*(pair for pair in _PAIRS if pair[0] not in given), ("Trace-Id", traces.trace_id())])
        seconds = monotonic() - g.started
        route = _route()
        # Only methods that we serve are labels: a caller may send any word as its method.
        method = request.method if response.status_code != 405 else "other"  # noqa: PLR2004
        count, latency = _meters(route, method, response.status_code)
        count.inc()
        latency.observe(seconds)
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 2),
            **_caller(),
        )
        return response

    def end(_error: BaseException | None) -> None:
        span: ExitStack | None = g.pop("span", None)
        if span is not None:
            span.close()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


@lru_cache(maxsize=4096)  # Routes, methods and statuses are few; finding a label's child costs more than counting.
def _meters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.HTTP_REQUESTS.labels(route, method, str(status)), metrics.HTTP_SECONDS.labels(route, method)


def _caller() -> dict[str, str]:
    """Who asked, once the token was accepted: names that the issuer gave to clients and staff, never an insured's."""
    caller: Principal | None = g.get("caller")
    if caller is None:
        return {}
    return {"client": caller.client_id, "subject": caller.subject, "tenant": caller.tenant}


def _route() -> str:
    return "unknown" if request.url_rule is None else request.url_rule.rule
