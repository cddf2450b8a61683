"""What is seen of each request: a span, a log line, counts and latency, and headers that keep browsers careful."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

from prometheus_client import Counter, Histogram

from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.web.exchange import Answer, Exchange

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
_OWN_POLICY: Final = frozenset({"Content-Security-Policy", "Cache-Control"})
"""Those that an answer may bring itself: the documentation's page and its files do."""


class Observed:
    """Around one request; ``answered`` hears of its answer, and completes that."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._started = monotonic()
        parent = exchange.header("traceparent")
        carrier = {} if parent is None else {"traceparent": parent, "tracestate": exchange.header("tracestate") or ""}
        self._span: AbstractContextManager[object] = traces.span(f"{exchange.method} {exchange.route}", parent=carrier)

    def __enter__(self) -> Self:
        self._span.__enter__()
        return self

    def answered(self, answer: Answer) -> None:
        exchange = self._exchange
        given = {name for name, _value in answer.headers if name in _OWN_POLICY}
        answer.headers += [pair for pair in _PAIRS if pair[0] not in given] if given else _PAIRS
        answer.headers.append(("Trace-Id", traces.trace_id()))
        seconds = monotonic() - self._started
        # Only methods that we serve are labels: a caller may send any word as its method.
        method = exchange.method if answer.status != 405 else "other"  # noqa: PLR2004
        count, latency = _meters(exchange.route, method, answer.status)
        count.inc()
        latency.observe(seconds)
        log.info(
            "request",
            method=exchange.method,
            route=exchange.route,
            status=answer.status,
            ms=round(seconds * 1000, 2),
            **_caller(exchange),
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._span.__exit__(kind, error, trace)


@lru_cache(maxsize=4096)  # Routes, methods and statuses are few; finding a label's child costs more than counting.
def _meters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.HTTP_REQUESTS.labels(route, method, str(status)), metrics.HTTP_SECONDS.labels(route, method)


def _caller(exchange: Exchange) -> dict[str, str]:
    """Who asked, once the token was accepted: names that the issuer gave to clients and staff, never an insured's."""
    caller = exchange.caller
    if caller is None:
        return {}
    return {"client": caller.client_id, "subject": caller.subject, "tenant": caller.tenant}
