"""Traces: W3C context through HTTP, outbox, Kafka and inbox. Exported by OpenTelemetry only when an endpoint is set.

Without an exporter a span costs no more than new ids: the context still travels and every log line has its trace id.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace_id>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_state: dict[str, TracerProvider] = {}


def configure(service: str, process: str, otlp_endpoint: str | None) -> None:
    """Export spans to ``otlp_endpoint`` (OTLP over HTTP), or to nowhere if it is None."""
    if otlp_endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # rarely on
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # starts a thread

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"fangzha-{service}", "service.instance.role": process})
    )
    endpoint = otlp_endpoint.rstrip("/")
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    _state["provider"] = provider


def flush() -> None:
    """Send what is still held back; at the end of a process."""
    provider = _state.get("provider")
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, *, parent: Mapping[str, str] | None = None) -> Iterator[Span]:
    """A span around the block: child of ``parent`` (a carrier), else of the current one, else a new trace."""
    around = context_api.get_current() if parent is None else _PROPAGATOR.extract(dict(parent), Context())
    provider = _state.get("provider")
    if provider is None:
        new: Span = NonRecordingSpan(_child_of(trace.get_current_span(around).get_span_context()))
        token = context_api.attach(trace.set_span_in_context(new, around))
        try:
            yield new
        finally:
            context_api.detach(token)
        return
    with provider.get_tracer("fangzha").start_as_current_span(name, context=around) as recorded:
        yield recorded


def exports() -> bool:
    """Whether spans go anywhere."""
    return "provider" in _state


def trace_id_of(parent: Mapping[str, str]) -> str:
    """The trace that a carrier names: 32 hex digits; empty where it names none."""
    found = _TRACEPARENT.fullmatch(parent.get("traceparent", ""))
    return "" if found is None else found["trace_id"]


def carrier() -> dict[str, str]:
    """The current context as headers: ``traceparent`` and perhaps ``tracestate``; empty outside any span."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers


def trace_id() -> str:
    """The current trace's 32 hex digits; empty outside any span."""
    current = trace.get_current_span().get_span_context()
    return f"{current.trace_id:032x}" if current.is_valid else ""


def _child_of(parent: SpanContext) -> SpanContext:
    # Never sampled: no exporter here, so the next process should not believe that this span was recorded.
    return SpanContext(
        # No secrets, so no system call for each of them: among many threads each one is a wait for its turn.
        trace_id=parent.trace_id if parent.is_valid else random.getrandbits(128) or 1,
        span_id=random.getrandbits(64) or 1,
        is_remote=False,
        trace_flags=parent.trace_flags if parent.is_valid else TraceFlags(TraceFlags.DEFAULT),
        trace_state=parent.trace_state if parent.is_valid else None,
    )
