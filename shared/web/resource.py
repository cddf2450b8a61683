"""Routes of one resource, declared beside their views. How a request passes through one is shared.web.endpoint's.

    claims = Resource("claims", "Claims that residents file")

    @claims.post(
        "/v1/claims",
        scope="claims:write",
        callers=Callers.PARTNERS,
        status=202,
        reply=ClaimView,
        problems=(UnknownPolicy,),
    )
    def submit(call: Call[Deps], body: ClaimRequest) -> Reply[ClaimView]: ...

A view takes ``call`` and then any of ``body``, ``path``, ``query`` and ``header``, each annotated with its model. Where
a route is called so often that the commit of each request is its main cost, requests that come at the same time share
one transaction: its view takes ``call: CallTogether[Deps]`` and ``asked: Sequence[Asked[ClaimRequest]]``, and gives for
each of them, in order, its Reply or its error. For one that it gives an error it must have written nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from shared.values.errors import FangzhaError
from shared.web.auth.callers import Callers
from shared.web.call import Asked, Call, CallTogether, RawReply, Reply, StreamedReply, etag
from shared.web.models import ReplyModel, RequestModel

PUBLIC: Final = "public"
"""The scope of a route that asks for no token: health, documentation, and what a text opens that nobody guesses."""

MAX_BODY: Final = 1_048_576
"""Bytes of a JSON body, unless a route says otherwise."""

_SCOPE = re.compile(r"[a-z][a-z-]*:[a-z][a-z-]*")
_VARIABLE = re.compile(r"<(?:[^<:>]+:)?([^<>]+)>")
_PARTS: Final = ("body", "path", "query", "header")

View = Callable[..., Any]
V = TypeVar("V", bound=View)


@dataclass(frozen=True)
class Route:
    """One method on one path, with all that its document and its checks need."""

    method: str
    path: str
    view: View
    scope: str
    callers: Callers
    status: int
    also: tuple[int, ...]
    reply: type[ReplyModel] | str | None
    problems: tuple[type[FangzhaError], ...]
    creates: bool
    streams: tuple[str, ...]
    max_body: int
    matches: bool
    together: bool
    """Whether the view answers several requests at once."""
    about: str | None
    """Which path variable or field of the reply says whom the reply shows; None if it shows nobody."""
    body: type[BaseModel] | None
    path_model: type[BaseModel] | None
    query: type[BaseModel] | None
    header: type[BaseModel] | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether what it is sent may be stored."""
        return self.method != "GET"


class Resource:
    """A group of routes that belong together in the API document."""

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.routes: list[Route] = []

    def get(self, path: str, **options: Any) -> Callable[[V], V]:
        return self.route("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[V], V]:
        return self.route("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[V], V]:
        return self.route("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[V], V]:
        return self.route("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[V], V]:
        return self.route("DELETE", path, **options)

    def route(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        callers: Callers | None = None,
        reply: type[ReplyModel] | str | None = None,
        status: int | None = None,
        also: tuple[int, ...] = (),
        problems: tuple[type[FangzhaError], ...] = (),
        creates: bool | None = None,
        streams: tuple[str, ...] = (),
        max_body: int = MAX_BODY,
        matches: bool = False,
        about: str | None = None,
    ) -> Callable[[V], V]:
        """Declare a route.

        Args:
            method: the HTTP method.
            path: with variables as ``<claim_id>``.
            scope: what the caller's token must hold, e.g. ``claims:read``, or PUBLIC.
            callers: whose tokens are taken; a route that is not PUBLIC says it.
            reply: the model of a JSON reply, the content type of another (``"text/csv"``), None for no body.
            status: of a reply that does not say; 201 for a POST that creates, else 200.
            also: other statuses that the same reply may have: 201 of a PUT that may create.
            problems: this route's own errors, for the document.
            creates: whether an Idempotency-Key is asked for; each POST does unless it says False.
            streams: content types of a body that is read in pieces through ``call.request_stream``.
            max_body: bytes; more are refused with 413.
            matches: whether the view calls ``call.require_match``, for the document.
            about: where the reply shows a person, masked or not: the path variable, or else the field of the reply,
                that an erasure knows the person by. The reply that is kept for a repeat is overwritten with the rest.
        """
        if scope != PUBLIC and not _SCOPE.fullmatch(scope):
            raise ValueError(f"{method} {path}: a scope looks like `claims:read`, not {scope!r}")
        if (callers is None) != (scope == PUBLIC):
            raise ValueError(f"{method} {path}: whose tokens does it take? A route with a scope says so in `callers`")
        idempotent = method == "POST" if creates is None else creates

        def declare(view: V) -> V:
            together = _asked_together(view)
            models = _models_together(view, path, together) if together else _models(view, path)
            route = Route(
                method=method,
                path=path,
                view=view,
                scope=scope,
                callers=callers or Callers.BOTH,
                status=status if status is not None else (201 if idempotent else 200),
                also=also,
                reply=reply,
                problems=problems,
                creates=idempotent,
                streams=streams,
                max_body=max_body,
                matches=matches,
                together=together is not None,
                about=about,
                body=models["body"],
                path_model=models["path"],
                query=models["query"],
                header=models["header"],
            )
            _require_sound(route)
            self.routes.append(route)
            return view

        return declare


def _require_sound(route: Route) -> None:
    """What is declared fits together: a slip fails when the module is imported."""
    if route.together and (not route.creates or route.streams):
        raise TypeError(f"{route.name}: requests that are answered together have a body and a key each")
    if route.streams and route.body is not None:
        raise TypeError(f"{route.name}: a view has a body or a stream, not both")
    if route.about is not None and route.about not in _named(route.path_model) | _named(route.reply):
        raise TypeError(f"{route.name}: neither path nor reply says {route.about!r}")


def _asked_together(view: View) -> type[BaseModel] | None:
    """The model of the bodies, where the view takes several requests at once."""
    if list(inspect.signature(view).parameters) != ["call", "asked"]:
        return None
    (asked,) = get_args(get_type_hints(view)["asked"])
    body = get_args(asked)[0] if get_origin(asked) is Asked else None
    if not isinstance(body, type) or not issubclass(body, BaseModel):
        raise TypeError(f"{view.__module__}.{view.__qualname__}: `asked` is a Sequence[Asked[<a RequestModel>]]")
    return body


def _models_together(view: View, path: str, body: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    if _VARIABLE.search(path):
        raise TypeError(f"{view.__module__}.{view.__qualname__}: requests answered together have no path variables")
    return {**dict.fromkeys(_PARTS), "body": body}


def _models(view: View, path: str) -> dict[str, type[BaseModel] | None]:
    """The models in a view's signature, checked against the path: a slip fails when the module is imported."""
    names = list(inspect.signature(view).parameters)
    where = f"{view.__module__}.{view.__qualname__}"
    if not names or names[0] != "call" or set(names[1:]) - set(_PARTS):
        raise TypeError(f"{where} takes `call` and then any of {', '.join(_PARTS)}; it has {', '.join(names)}")
    hints = get_type_hints(view)
    models: dict[str, type[BaseModel] | None] = dict.fromkeys(_PARTS)
    for name in names[1:]:
        model = hints.get(name)
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            raise TypeError(f"{where}: `{name}` is annotated with a RequestModel")
        models[name] = model
    variables = set(_VARIABLE.findall(path))
    path_model = models["path"]
    named = _named(path_model)
    if variables != named:
        raise TypeError(f"{where}: the path has {sorted(variables)}, its model {sorted(named)}")
    return models


def _named(model: type[BaseModel] | str | None) -> set[str]:
    """The names of a model's fields; of what is no model, none."""
    return set(model.model_fields) if isinstance(model, type) else set()


__all__ = [
    "MAX_BODY",
    "PUBLIC",
    "Asked",
    "Call",
    "CallTogether",
    "Callers",
    "RawReply",
    "Reply",
    "ReplyModel",
    "RequestModel",
    "Resource",
    "Route",
    "StreamedReply",
    "etag",
]
