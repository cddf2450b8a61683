"""How a request passes through one route: token, scope, body, key, transaction, view, reply. Problems renders errors.

The order is deliberate. Nothing of a body is read before its sender is known, and no connection is taken before the
request is known to be valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from shared.db.pool import Database
from shared.process import metrics, traces
from shared.process.clock import Clock
from shared.values.errors import FangzhaError
from shared.web import bodies, clear_fields, field_faults, idempotency
from shared.web.auth import callers
from shared.web.auth.tokens import Principal, TokenVerifier
from shared.web.call import Asked, Call, CallTogether, OneTransaction, RawReply, Reply, StreamedReply, etag
from shared.web.errors import FieldFault, InvalidRequest, ScopeMissing, UnsupportedEncoding, UnsupportedMediaType
from shared.web.exchange import Answer, Exchange
from shared.web.group_commit import GroupCommit
from shared.web.idempotency import Before, Done, Hash, IdempotentRequest, StoredReply
from shared.web.receiving import Reception
from shared.web.reply_seal import ReplySeal
from shared.web.resource import PUBLIC, Route
from shared.web.uploads import Upload

D = TypeVar("D")
JSON = "application/json"
_NOBODY = Principal("", "", "", frozenset())


@dataclass(frozen=True, slots=True)
class Surroundings(Generic[D]):
    """What all routes of one application share."""

    deps: D
    database: Database
    clock: Clock
    verifier: TokenVerifier
    seal: ReplySeal
    reception: Reception = field(default_factory=Reception)


@dataclass(frozen=True, slots=True)
class _Taken:
    """One request on its way into a group."""

    asked: Asked[Any]
    once: IdempotentRequest
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request that is allowed and valid."""

    exchange: Exchange
    caller: Principal
    arguments: dict[str, BaseModel]


class Endpoint(Generic[D]):
    """One route, ready to answer."""

    def __init__(self, route: Route, around: Surroundings[D]) -> None:
        self._route = route
        self._around = around
        self._groups = GroupCommit(self._group)
        self._lists = frozenset(
            name
            for name, field in (route.query.model_fields.items() if route.query else ())
            if get_origin(field.annotation) in {list, tuple, set, frozenset}
        )

    def __call__(self, exchange: Exchange, path_values: Mapping[str, str]) -> Answer:
        route = self._route
        caller = self._caller(exchange)
        arguments = self._arguments(exchange, path_values)
        asking = _Asking(exchange, caller, arguments)
        if not route.creates:
            return self._plain(asking)
        key = idempotency.read_key(exchange.header(idempotency.HEADER))
        once = IdempotentRequest(key, caller, route.name)
        return (self._together if route.together else self._idempotent)(asking, once)

    def _caller(self, exchange: Exchange) -> Principal:
        scope = self._route.scope
        if scope == PUBLIC:
            return _NOBODY
        caller = exchange.caller = self._around.verifier.check(exchange.header("Authorization"))
        if scope not in caller.scopes:
            raise ScopeMissing(scope)
        callers.require(self._route.callers, caller)
        return caller

    def _arguments(self, exchange: Exchange, path_values: Mapping[str, str]) -> dict[str, BaseModel]:
        """Every part that the view asks for, validated; the faults of each part together."""
        route = self._route
        arguments: dict[str, BaseModel] = {}
        if route.path_model is not None:
            arguments["path"] = _texts(route.path_model, path_values, "path")
        if route.query is not None:
            arguments["query"] = _texts(route.query, self._query(exchange), "query")
        elif unknown := exchange.query():
            raise InvalidRequest(
                tuple(
                    FieldFault(field_faults.pointer((name,)), "There is no such parameter.", "Remove it.", "query")
                    for name in unknown
                )
            )
        if route.header is not None:
            arguments["header"] = _texts(route.header, _headers(route.header, exchange), "header")
        if route.body is not None:
            arguments["body"] = self._body(exchange, route.body)
        elif route.streams and exchange.mimetype not in route.streams:
            raise UnsupportedMediaType(" or ".join(route.streams))
        if route.writes:
            _refuse_personal_numbers(arguments)
        return arguments

    def _query(self, exchange: Exchange) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, given in exchange.query().items():
            if name in self._lists:
                values[name] = given
            elif len(given) == 1:
                values[name] = given[0]
            else:
                fault = FieldFault(
                    field_faults.pointer((name,)), "It is given more than once.", "Send it once.", "query"
                )
                raise InvalidRequest((fault,))
        return values

    def _body(self, exchange: Exchange, model: type[BaseModel]) -> BaseModel:
        if exchange.mimetype != JSON:
            raise UnsupportedMediaType(JSON)
        if (exchange.header("Content-Encoding") or "identity").lower() != "identity":
            raise UnsupportedEncoding
        raw = bodies.read(exchange, self._route.max_body)
        field_faults.refuse_repeated_keys(raw)
        field_faults.refuse_nul(raw)
        try:
            return model.model_validate_json(raw)
        except ValidationError as error:
            field_faults.raise_faults(error, model, "body")
            raise

    def _plain(self, asking: _Asking) -> Answer:
        around, caller = self._around, asking.caller
        now = around.clock.now()
        with self._upload(asking, None) as upload, OneTransaction(around.database, caller) as transaction:
            call = Call(caller, around.deps, now, transaction, asking.exchange.header("If-Match"), upload)
            reply = self._route.view(call, **asking.arguments)
        if isinstance(reply, StreamedReply):
            headers = [("Content-Type", reply.content_type), *reply.headers.items()]
            return Answer(self._route.status, headers, reply.pieces(around.database))
        return _answer(self._rendered(reply))

    def _idempotent(self, asking: _Asking, once: IdempotentRequest) -> Answer:
        around, caller, arguments = self._around, asking.caller, asking.arguments
        fingerprint = self._fingerprint(asking, once)
        with (
            self._upload(asking, fingerprint) as upload,
            idempotency.once_only(),
            OneTransaction(around.database, caller) as transaction,
        ):
            now = around.clock.now()
            before = idempotency.begin(transaction.tx, [once])[0]
            if before is not None:
                return self._repeated(before, once, fingerprint.digest())
            call = Call(caller, around.deps, now, transaction, asking.exchange.header("If-Match"), upload)
            reply = self._route.view(call, **arguments)
            answer, kept = self._rendered_and_kept(reply)
            done = Done(once, fingerprint.digest(), kept, self._about(reply, arguments.get("path")))
            idempotency.finish(transaction.tx, [done], around.seal)
        return _answer(answer)

    def _together(self, asking: _Asking, once: IdempotentRequest) -> Answer:
        fingerprint = self._fingerprint(asking, once).digest()
        asked: Asked[Any] = Asked(asking.caller, asking.arguments["body"], traces.carrier())
        outcome = self._groups.take(_Taken(asked, once, fingerprint))
        return _answer(outcome) if isinstance(outcome, StoredReply) else self._repeated(outcome, once, fingerprint)

    def _group(self, taken: Sequence[_Taken]) -> list[StoredReply | Before | FangzhaError]:
        """What becomes of requests that are answered in one transaction."""
        around = self._around
        now = around.clock.now()
        with idempotency.once_only(), around.database.transaction() as tx:
            found = idempotency.begin(tx, [each.once for each in taken])
            new = [each for each, before in zip(taken, found, strict=True) if before is None]
            call = CallTogether(around.deps, now, tx)
            replies = self._route.view(call, [each.asked for each in new]) if new else []
            answers: list[StoredReply | FangzhaError] = []
            done = []
            for each, reply in zip(new, replies, strict=True):
                if isinstance(reply, FangzhaError):
                    answers.append(reply)
                    continue
                answer, kept = self._rendered_and_kept(reply)
                answers.append(answer)
                done.append(Done(each.once, each.fingerprint, kept, self._about(reply, None)))
            idempotency.finish(tx, done, around.seal)
        following = iter(answers)
        return [next(following) if before is None else before for before in found]

    def _fingerprint(self, asking: _Asking, once: IdempotentRequest) -> Hash:
        fingerprint = once.fingerprint()
        fingerprint.update(asking.exchange.full_path.encode())
        if "body" in asking.arguments:
            # The model's own rendering: spaces and the order of fields do not make another request.
            fingerprint.update(asking.arguments["body"].model_dump_json().encode())
        return fingerprint

    def _about(self, reply: Reply[Any] | RawReply, path: BaseModel | None) -> str | None:
        """Whom the reply shows, where the route says that it shows somebody."""
        name = self._route.about
        if name is None:
            return None
        whom: str | None = getattr(path if hasattr(path, name) else getattr(reply, "body", None), name)
        return whom

    def _repeated(self, before: Before | FangzhaError, once: IdempotentRequest, fingerprint: bytes) -> Answer:
        """The reply of the first request, or the error that there is instead."""
        if isinstance(before, FangzhaError):
            raise before
        stored = idempotency.again(before, once, fingerprint, self._around.seal)
        metrics.HTTP_REPLAYS.labels(self._route.path).inc()
        answer = _answer(stored)
        answer.headers.append((idempotency.REPLAYED, "true"))
        return answer

    @contextmanager
    def _upload(self, asking: _Asking, fingerprint: Hash | None) -> Iterator[Upload | None]:
        """The whole body, on disk; ``fingerprint`` is fed with it."""
        if not self._route.streams:
            yield None
            return
        exchange = asking.exchange
        source = bodies.source(exchange, self._route.max_body)
        with self._around.reception.place(asking.caller.client_id):
            upload = Upload(
                source,
                fingerprint,
                limit=self._route.max_body,
                content_type=exchange.mimetype,
                charset=exchange.charset,
                content_encoding=exchange.header("Content-Encoding"),
            )
            with upload:
                upload.receive()
                yield upload

    def _rendered_and_kept(self, reply: Reply[Any] | RawReply) -> tuple[StoredReply, StoredReply]:
        """The answer, and the one for a repeated request."""
        answer = self._rendered(reply)
        to_keep = _to_keep(reply)
        return answer, answer if to_keep is reply else self._rendered(to_keep)

    def _rendered(self, reply: Reply[Any] | RawReply) -> StoredReply:
        status = reply.status if reply.status is not None else self._route.status
        headers = dict(reply.headers)
        if isinstance(reply, RawReply):
            return StoredReply(status, {**headers, "Content-Type": reply.content_type}, reply.data)
        if reply.version is not None:
            headers["ETag"] = etag(reply.version)
        if reply.body is None:
            return StoredReply(status, headers, b"")
        headers["Content-Type"] = JSON
        return StoredReply(status, headers, reply.body.model_dump_json(by_alias=True).encode())


def _to_keep(reply: Reply[Any] | RawReply) -> Reply[Any] | RawReply:
    return replace(reply, body=reply.kept) if isinstance(reply, Reply) and reply.kept is not None else reply


def _texts(model: type[BaseModel], values: Mapping[str, Any], where: field_faults.Where) -> BaseModel:
    """Validate what came as text: here, and only here, ``"5"`` is a number."""
    for name, value in values.items():
        if "\0" in name or any("\0" in text for text in (value if isinstance(value, list) else (value,))):
            raise InvalidRequest((field_faults.nul_fault((name,), where),))
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        field_faults.raise_faults(error, model, where)
        raise


def _refuse_personal_numbers(arguments: dict[str, BaseModel]) -> None:
    parts: tuple[field_faults.Where, ...] = ("body", "path", "query")
    found = [fault for part in parts if part in arguments for fault in clear_fields.faults(arguments[part], part)]
    if found:
        raise InvalidRequest(tuple(found))


def _headers(model: type[BaseModel], exchange: Exchange) -> dict[str, Any]:
    names = {field.alias or name: (field.alias or name).replace("_", "-") for name, field in model.model_fields.items()}
    return {key: value for key, name in names.items() if (value := exchange.header(name)) is not None}


def _answer(stored: StoredReply) -> Answer:
    return Answer(stored.status, list(stored.headers.items()), stored.body)
