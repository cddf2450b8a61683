"""Errors as RFC 9457 problem+json, in one place. Each service adds a table of its own; nothing else renders one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.exceptions import HTTPException

from shared.db.errors import AWAY, ClockCannotGoBack, NoConnectionFree
from shared.process import traces
from shared.process.logs import get_logger
from shared.values.errors import FangzhaError, InvalidField, InvalidFields
from shared.web import errors
from shared.web.exchange import Answer, Exchange
from shared.web.models import FieldProblem, Problem

CONTENT_TYPE = "application/problem+json"
TYPE_ROOT = "https://fangzha.example/problems/"

log = get_logger()


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """How one error looks over HTTP: the status, the stable end of its ``type``, and a title for people."""

    status: int
    slug: str
    title: str


ROWS: Mapping[type[FangzhaError], ProblemRow] = {
    errors.TokenMissing: ProblemRow(401, "not-authenticated", "No token"),
    errors.NotAuthenticated: ProblemRow(401, "not-authenticated", "The token is not accepted"),
    errors.ScopeMissing: ProblemRow(403, "scope-missing", "Not allowed with this token"),
    errors.StaffOnly: ProblemRow(403, "not-staff", "Staff only"),
    errors.PartnersOnly: ProblemRow(403, "not-for-staff", "Partners only"),
    errors.IssuerKeysAway: ProblemRow(503, "issuer-keys-away", "Tokens cannot be checked now"),
    errors.MalformedJson: ProblemRow(400, "malformed-json", "Not JSON"),
    errors.RepeatedKey: ProblemRow(400, "repeated-key", "A key stands twice"),
    errors.UnsupportedEncoding: ProblemRow(415, "unsupported-encoding", "Wrong Content-Encoding"),
    errors.UnsupportedMediaType: ProblemRow(415, "unsupported-media-type", "Wrong Content-Type"),
    errors.BodyTooLarge: ProblemRow(413, "body-too-large", "Too large"),
    errors.InvalidRequest: ProblemRow(422, "invalid-request", "Not acceptable"),
    InvalidField: ProblemRow(422, "invalid-request", "Not acceptable"),
    InvalidFields: ProblemRow(422, "invalid-request", "Not acceptable"),
    errors.IdempotencyKeyMissing: ProblemRow(400, "idempotency-key-missing", "No Idempotency-Key"),
    errors.IdempotencyKeyMalformed: ProblemRow(400, "idempotency-key-malformed", "Malformed Idempotency-Key"),
    errors.IdempotencyKeyReused: ProblemRow(422, "idempotency-key-reused", "Idempotency-Key used before"),
    errors.ReplyNotKept: ProblemRow(410, "reply-not-kept", "Done before"),
    errors.RequestInProgress: ProblemRow(409, "request-in-progress", "Still in progress"),
    errors.MatchMissing: ProblemRow(428, "match-missing", "No If-Match"),
    errors.VersionMismatch: ProblemRow(412, "version-mismatch", "Changed meanwhile"),
    errors.InvalidCursor: ProblemRow(422, "invalid-cursor", "Unknown cursor"),
    errors.TooManyRequests: ProblemRow(429, "too-many-requests", "Too many requests"),
    errors.UploadIncomplete: ProblemRow(400, "upload-incomplete", "Incomplete upload"),
    errors.UploadTooSlow: ProblemRow(408, "upload-too-slow", "Too slow"),
    errors.TooManyUploads: ProblemRow(503, "too-many-uploads", "Too many uploads"),
    errors.NoRoomForUpload: ProblemRow(503, "no-room-for-upload", "No room now"),
    NoConnectionFree: ProblemRow(503, "busy", "Busy"),
    ClockCannotGoBack: ProblemRow(409, "clock-cannot-go-back", "Time does not go back"),
}

MALFORMED_REQUEST = ProblemRow(400, "malformed-request", "Malformed request")
UNKNOWN = ProblemRow(500, "internal-error", "Our fault")
UNKNOWN_DETAIL = "Something unexpected happened; it is logged. Quote the trace_id when you ask."

_HTTP_ROWS: Mapping[int, tuple[ProblemRow, str]] = {
    400: (MALFORMED_REQUEST, "The request cannot be read as HTTP says."),
    404: (ProblemRow(404, "unknown-path", "Unknown path"), "There is no such path; /openapi.json lists all."),
    405: (ProblemRow(405, "method-not-allowed", "Method not allowed"), "This path takes other methods; see Allow."),
}
DATABASE_AWAY = ProblemRow(503, "database-away", "Temporarily unavailable")
_RETRY_SECONDS = 2  # About what a PostgreSQL restart takes; also the pool's bounded wait.


class Problems:
    """Every error as a problem. An error's own row wins over those of its parents."""

    def __init__(self, service_rows: Mapping[type[FangzhaError], ProblemRow]) -> None:
        self.rows = {**ROWS, **service_rows}

    def answer(self, error: Exception, exchange: Exchange) -> Answer:
        """What is said where ``error`` ended a request."""
        match error:
            case FangzhaError():
                row = next((self.rows[kind] for kind in type(error).__mro__ if kind in self.rows), None)
                if row is not None:
                    return _own(row, error, exchange)
            case HTTPException():
                return _http(error, exchange)
            case _ if isinstance(error, AWAY):
                log.warning("database_away", error=type(error).__name__)
                detail = "The database cannot be reached or takes no writes; try again shortly."
                return _rendered(DATABASE_AWAY, detail, exchange, headers=_retry(_RETRY_SECONDS))
        log.error("request_failed", exc_info=error, route=exchange.route)
        return _rendered(UNKNOWN, UNKNOWN_DETAIL, exchange)


def _rendered(
    row: ProblemRow,
    detail: str,
    exchange: Exchange,
    *,
    faults: tuple[errors.FieldFault, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    content = body(row, detail, instance=exchange.path, trace_id=traces.trace_id(), faults=faults)
    return Answer(row.status, [("Content-Type", CONTENT_TYPE), *(headers or {}).items()], content)


def body(
    row: ProblemRow, detail: str, *, instance: str, trace_id: str, faults: tuple[errors.FieldFault, ...] = ()
) -> bytes:
    """A problem as JSON."""
    problem = Problem(
        type=TYPE_ROOT + row.slug,
        title=row.title,
        status=row.status,
        detail=detail,
        instance=instance,
        trace_id=trace_id,
        errors=[FieldProblem(pointer=f.pointer, where=f.where, detail=f.detail, fix=f.fix) for f in faults] or None,
    )
    return problem.model_dump_json(by_alias=True, exclude_none=True).encode()


def _own(row: ProblemRow, error: FangzhaError, exchange: Exchange) -> Answer:
    match error:
        case errors.InvalidRequest(faults=faults):
            pass
        case InvalidField():
            faults = (_fault(error),)
        case InvalidFields(faults=own):
            faults = tuple(_fault(each) for each in own)
        case _:
            faults = ()
    return _rendered(row, error.sentence(), exchange, faults=faults, headers=_headers(row, error))


def _headers(row: ProblemRow, error: FangzhaError) -> dict[str, str]:
    match error:
        case errors.TokenMissing():
            return {"WWW-Authenticate": 'Bearer realm="fangzha"'}
        case errors.NotAuthenticated():
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        case errors.UnsupportedEncoding():
            return {"Accept-Encoding": "identity"}
        case errors.ScopeMissing(scope=scope):
            return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        case _:
            return _retry(getattr(error, "retry_after", _RETRY_SECONDS if row.status == 503 else None))  # noqa: PLR2004


def _http(error: HTTPException, exchange: Exchange) -> Answer:
    if error.code is not None and error.code < 400:  # noqa: PLR2004  # a redirect is an HTTPException too
        return Answer(error.code, list(error.get_headers()), error.get_response().get_data())
    status = error.code or 500
    row, detail = _HTTP_ROWS.get(status, (ProblemRow(status, f"http-{status}", error.name), error.name + "."))
    allow = {name: value for name, value in error.get_headers() if name == "Allow"}
    return _rendered(row, detail, exchange, headers=allow)


def _fault(error: InvalidField) -> errors.FieldFault:
    return errors.FieldFault(error.pointer, error.detail, error.fix)


def _retry(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}
