"""Logs: one JSON object a line on standard error, with the trace id. Where they are collected is the platform's."""

from __future__ import annotations

import faulthandler
import logging
import sys
import traceback
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from shared.process import metrics, traces

_SECRET_PARTS = (
    "password",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "signing_key",
    "seal_key",
    "_keys",
)
_PERSONAL_KEYS = frozenset(
    {"name", "holder_name", "document", "document_number", "phone", "account", "address", "email", "birth_date"}
)
_HARMLESS_KEYS = frozenset({"token_kind", "payee_token"})
REDACTED = "[redacted]"
_PLAIN = frozenset({str, int, float})


class _StandardError:
    """Writes rendered lines to what standard error is now, not to what it was when the logger was made."""

    def __init__(self, *_names: object) -> None:
        pass

    def msg(self, line: str) -> None:
        # One write for line and end: lines of two threads do not mix.
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = fatal = exception = log = msg


class _StandardErrorHandler(logging.Handler):
    """The same for the standard library's logs."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


class _Counted(logging.Filter):
    """kafka-python tells each step of its event loop that took over a tenth of a second, which any busy machine makes
    it do many times an hour and nobody can act on one by one: they are counted.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        slow = record.name == "kafka.net.selector" and "blocking the event loop" in str(record.msg)
        if slow:
            metrics.KAFKA_SLOW_STEPS.inc()
        return not slow


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what must never be written, whatever key depth it stands at."""
    for key, value in line.items():
        if type(value) not in _PLAIN or _is_hidden(key):
            line[key] = _redacted(key, value)
    return line


@lru_cache(maxsize=4096)  # Keys are words of the code, hence few.
def _is_hidden(key: str) -> bool:
    lowered = key.lower()
    if lowered in _HARMLESS_KEYS:
        return False
    return lowered in _PERSONAL_KEYS or any(part in lowered for part in _SECRET_PARTS)


def _redacted(key: str, value: object) -> object:
    if _is_hidden(key):
        return REDACTED
    if isinstance(value, dict):
        return {str(inner): _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(key, item) for item in value]
    return value


def _trace(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace_id = traces.trace_id()
    if trace_id:
        line.setdefault("trace_id", trace_id)
    return line


def tell_exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception with its causes as text: where, what kind, and words; never the values of variables."""
    given = line.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    elif isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        line["exception"] = _story(given)
    return line


def _story(error: BaseException) -> str:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    trace = "".join(traceback.format_tb(error.__traceback__))
    own = f"{trace}{type(error).__qualname__}: {_words(error)}"
    return own if before is None else f"{_story(before)}\n\nthen\n\n{own}"


def _words(error: BaseException) -> str:
    code = getattr(error, "pgcode", None)
    if code is None:
        return str(error)
    # PostgreSQL's own words repeat the values of the row, which may be a person's.
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    return f"SQLSTATE {code}" + (f", constraint {constraint}" if constraint else "")


def _json(line: object, **_options: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()


def configure(service: str, process: str, level: str = "INFO") -> None:
    """Set up this process's logs, the standard library's included; a crash below Python says in which lines it was."""
    if not faulthandler.is_enabled():
        faulthandler.enable()

    def where(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = service
        line["process"] = process
        return line

    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where,
        _trace,
        redact,
        tell_exception,
    ]
    renderer = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=_StandardError,
    )
    handler = _StandardErrorHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_Counted())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # kafka-python tells each connection attempt at INFO; the runtime reports what matters itself.
    logging.getLogger("kafka").setLevel(logging.WARNING)


def get_logger() -> FilteringBoundLogger:
    """A logger: ``log.info("relay_elected", topic=...)``; the event's name first, facts as keywords."""
    return cast("FilteringBoundLogger", structlog.get_logger())
