"""The OpenAPI 3.1 document of an application, made from its routes, and a page to try it on that works offline.

Schemas are pydantic's own: one for what is read and one for what is written, where a model is both.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias

from flask import Flask, Response, send_from_directory
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.values.errors import FangzhaError
from shared.web import errors, idempotency
from shared.web.auth.callers import Callers
from shared.web.models import Problem
from shared.web.problems import CONTENT_TYPE, DATABASE_AWAY, ProblemRow
from shared.web.resource import PUBLIC, Resource, Route

Json: TypeAlias = dict[str, Any]
Rows: TypeAlias = Mapping[type[FangzhaError], ProblemRow]
_REF: Final = "#/components/schemas/{model}"
_SECURITY: Final = "bearer"
_METHODS: Final = ("get", "put", "post", "delete", "patch")
"""In the order of the specification."""
_BEARER: Final = {
    "type": "http",
    "description": "An OAuth 2.0 access token (RFC 9068) of the configured issuer. Each operation names its scope.",
    "scheme": "bearer",
    "bearerFormat": "JWT",
}

_IDEMPOTENT: Final = (
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyMalformed,
    errors.IdempotencyKeyReused,
    errors.ReplyNotKept,
    errors.RequestInProgress,
)
_SECURED: Final = (errors.TokenMissing, errors.NotAuthenticated, errors.ScopeMissing, errors.IssuerKeysAway)
_OTHERS_REFUSED: Final[Mapping[Callers, tuple[type[FangzhaError], ...]]] = {
    Callers.STAFF: (errors.StaffOnly,),
    Callers.PARTNERS: (errors.PartnersOnly,),
    Callers.BOTH: (),
}
_STREAMED: Final = (
    errors.UploadIncomplete,
    errors.UploadTooSlow,
    errors.TooManyUploads,
    errors.NoRoomForUpload,
)
_BODY: Final = (
    errors.MalformedJson,
    errors.RepeatedKey,
    errors.UnsupportedMediaType,
    errors.UnsupportedEncoding,
    errors.BodyTooLarge,
)


@dataclass(frozen=True, slots=True)
class _Schemas:
    """References to the models' schemas, and what they refer to."""

    by_model: Mapping[Any, Json]
    definitions: Mapping[str, Json]

    def properties(self, model: type[BaseModel]) -> tuple[Json, Sequence[str]]:
        reference: str = self.by_model[(model, "validation")]["$ref"]
        schema = self.definitions[reference.rpartition("/")[2]]
        return schema.get("properties", {}), schema.get("required", ())


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of itself."""

    title: str
    version: str
    description: str


def document(about: About, resources: Sequence[Resource], rows: Rows) -> Json:
    """The document of an application: its routes with exact schemas, parameters, problems and security."""
    routes = tuple(route for resource in resources for route in resource.routes)
    schemas = _schemas(routes)
    # Parameters are written out where they are used; their models are no components.
    inlined = {
        schemas.by_model[(model, "validation")]["$ref"].rpartition("/")[2]
        for route in routes
        for model in (route.path_model, route.query, route.header)
        if model is not None
    }
    paths: dict[str, Json] = {}
    for resource in resources:
        for route in resource.routes:
            uri = re.sub(r"<(?:[^<:>]+:)?([^<>]+)>", r"{\1}", route.path)
            paths.setdefault(uri, {})[route.method.lower()] = _operation(resource.name, route, schemas, rows)
    return {
        "openapi": "3.1.0",
        "info": {"title": about.title, "description": about.description, "version": about.version},
        "paths": {
            uri: {method: operations[method] for method in _METHODS if method in operations}
            for uri, operations in paths.items()
        },
        "components": {
            "schemas": {name: schema for name, schema in sorted(schemas.definitions.items()) if name not in inlined},
            "securitySchemes": {_SECURITY: _BEARER},
        },
        # Several modules may hold the routes of one resource.
        "tags": [
            {"name": name, "description": text}
            for name, text in {each.name: each.description for each in resources}.items()
        ],
    }


def _operation(tag: str, route: Route, schemas: _Schemas, rows: Rows) -> Json:
    summary, more = _said_of(route.view)
    operation: Json = {
        "tags": [tag],
        "summary": summary,
        "operationId": route.view.__name__,
        "responses": _responses(route, schemas, rows),
    }
    if parameters := _parameters(route, schemas):
        operation["parameters"] = parameters
    if route.scope != PUBLIC:
        operation["x-callers"] = route.callers.value
    operation["security"] = [] if route.scope == PUBLIC else [{_SECURITY: [route.scope]}]
    scope = "" if route.scope == PUBLIC else f"Scope: `{route.scope}`."
    if description := "\n\n".join(part for part in (more, scope) if part):
        operation["description"] = description
    body = _body(route, schemas)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _said_of(view: Callable[..., object]) -> tuple[str, str]:
    """The first sentence of its docstring, and the rest."""
    first, _, others = (inspect.getdoc(view) or "").partition("\n\n")
    summary, *more = re.split(r"(?<=[.?!]) (?=[A-Z`])", " ".join(first.split()), maxsplit=1)
    return summary, "\n\n".join(part for part in (*more, others.strip()) if part)


def _schemas(routes: Sequence[Route]) -> _Schemas:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for route in routes:
        for model in (route.body, route.path_model, route.query, route.header):
            if model is not None:
                wanted[(model, "validation")] = None
        if isinstance(route.reply, type):
            wanted[(route.reply, "serialization")] = None
    by_model, definitions = models_json_schema(list(wanted), ref_template=_REF)
    return _Schemas(by_model, definitions.get("$defs", {}))


def _parameters(route: Route, schemas: _Schemas) -> list[Json]:
    found: list[Json] = []
    places: tuple[tuple[type[BaseModel] | None, Literal["path", "query", "header"]], ...] = (
        (route.path_model, "path"),
        (route.query, "query"),
        (route.header, "header"),
    )
    for model, where in places:
        if model is None:
            continue
        properties, required = schemas.properties(model)
        for name, schema in properties.items():
            shown = name.replace("_", "-").title() if where == "header" else name
            inner = {key: value for key, value in schema.items() if key not in {"description", "title"}}
            parameter: Json = {"name": shown, "in": where, "required": where == "path" or name in required}
            if "description" in schema:
                parameter["description"] = schema["description"]
            found.append({**parameter, "schema": inner})
    if route.creates:
        found.append(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": True,
                "description": "A new UUID for each new request. Sent again with the same key, a request gets the "
                "first one's reply again and has no second effect.",
                "schema": {"type": "string", "pattern": idempotency.PATTERN},
            }
        )
    if route.matches:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "The ETag that you read, so that nobody's change is overwritten.",
                "schema": {"type": "string"},
            }
        )
    return found


def _body(route: Route, schemas: _Schemas) -> Json | None:
    if route.body is not None:
        schema = schemas.by_model[(route.body, "validation")]
        return {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.streams:
        return {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in route.streams}}
    return None


def _responses(route: Route, schemas: _Schemas, rows: Rows) -> Json:
    good: Json = {"description": HTTPStatus(route.status).phrase}
    if isinstance(route.reply, str):
        good["content"] = {route.reply: {"schema": {"type": "string"}}}
    elif route.reply is not None:
        good["content"] = {"application/json": {"schema": schemas.by_model[(route.reply, "serialization")]}}
    responses: Json = {str(route.status): good}
    responses |= {str(status): good | {"description": HTTPStatus(status).phrase} for status in route.also}
    problem = schemas.by_model[(Problem, "serialization")]
    for status, problems in sorted(_problems(route, rows).items()):
        described = {"description": "; ".join(problems), "content": {CONTENT_TYPE: {"schema": problem}}}
        responses.setdefault(str(status), described)
    return responses


def _problems(route: Route, rows: Rows) -> dict[int, list[str]]:
    """By status: the end of each problem's type, by which a client tells it from others, and its title."""
    expected: list[type[FangzhaError]] = list(route.problems)
    if route.scope != PUBLIC:
        expected += (*_SECURED, *_OTHERS_REFUSED[route.callers])
    if route.creates:
        expected += _IDEMPOTENT
    if route.body is not None or route.streams:
        expected += _BODY
    if route.streams:
        expected += _STREAMED
    if route.matches:
        expected += (errors.MatchMissing, errors.VersionMismatch)
    # What is open to all and asks for nothing is the page of a running process: it has no bad request and no database.
    asks = route.scope != PUBLIC or route.path_model is not None or route.query is not None
    if asks:
        expected.append(errors.InvalidRequest)
    found: dict[int, list[str]] = {DATABASE_AWAY.status: [_said(DATABASE_AWAY)]} if asks else {}
    for error in expected:
        row = next((rows[kind] for kind in error.__mro__ if kind in rows), None)
        if row is None:
            raise LookupError(f"{route.name}: {error.__name__} has no row in the service's table of problems")
        listed = found.setdefault(row.status, [])
        if (said := _said(row)) not in listed:
            listed.append(said)
    return found


def _said(row: ProblemRow) -> str:
    return f"`{row.slug}`: {row.title}"


_START_SCRIPT: Final = """
window.onload = function () {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#page", deepLinking: true, persistAuthorization: false, validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis]
  });
};
"""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/docs/css/swagger-ui.css"></head>
<body><div id="page"></div><script src="/docs/js/swagger-ui-bundle.js"></script><script>{script}</script></body></html>
"""


def install_page(app: Flask, title: str) -> None:
    """``/docs``: Swagger UI from the installed package. Nothing is loaded from elsewhere, and the policy says so."""
    folder = importlib.resources.files("flask_openapi3_swagger") / "templates" / "swagger"
    digest = base64.b64encode(hashlib.sha256(_START_SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    page = _PAGE.format(title=title, script=_START_SCRIPT)

    def docs() -> Response:
        return Response(page, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})

    def docs_file(name: str) -> Response:
        return send_from_directory(str(folder), name, max_age=3600)

    app.add_url_rule("/docs", "docs", docs)
    app.add_url_rule("/docs/<path:name>", "docs_file", docs_file)
