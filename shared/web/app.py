"""One application from resources: routes, problems, document, metrics. What it does is the resources'."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from flask import Flask, Response

from shared.db.pool import Database
from shared.process.clock import Clock
from shared.process.health import Health
from shared.values.errors import FangzhaError
from shared.web import documents
from shared.web.application import Application
from shared.web.auth.tokens import TokenVerifier
from shared.web.endpoint import Endpoint, Surroundings
from shared.web.problems import ProblemRow, Problems
from shared.web.reply_seal import ReplySeal
from shared.web.resource import PUBLIC, Resource, Route
from shared.web.sandbox import sandbox_clock

D = TypeVar("D")
_SCOPES: Final = "fangzha_scopes"
_ROUTES: Final = "fangzha_routes"
_HEALTH: Final = "fangzha_health"


def create_app(
    name: str,
    *,
    version: str,
    description: str,
    resources: Sequence[Resource],
    problems: Mapping[type[FangzhaError], ProblemRow],
    deps: D,
    database: Database,
    clock: Clock,
    verifier: TokenVerifier,
    seal: ReplySeal,
    sandbox: bool,
    health: Health | None = None,
) -> Flask:
    """The WSGI application of one service.

    Args:
        name: for people, e.g. ``Fangzha fraud detection``.
        version: of the API document.
        description: of the API document.
        resources: all routes.
        problems: how the service's own errors look.
        deps: what views find as ``call.deps``.
        database: where requests have their transaction.
        clock: business time.
        verifier: who checks the tokens.
        seal: who seals the replies that are kept for repeated requests.
        sandbox: adds the routes that move the sandbox's time.
        health: further checks of whether the process is ready; the database's is always there. See ``health_of``.
    """
    told = Problems(problems)
    app = Application(name, told)
    around = Surroundings(deps, database, clock, verifier, seal)
    everything = [*resources, *([sandbox_clock(clock)] if sandbox else [])]
    scopes: dict[str, str] = {}
    app.extensions[_SCOPES] = scopes
    routes = tuple(route for resource in everything for route in resource.routes)
    for route in routes:
        app.add_handler(route.method, route.path, route.name, Endpoint(route, around))
        scopes[route.name] = route.scope
    app.extensions[_ROUTES] = routes
    checks = health or Health()
    checks.register("database", database.ping)
    app.extensions[_HEALTH] = checks
    documents.install_page(app, name)
    app.add_url_rule("/openapi.json", "openapi_document", partial(_document, app))
    for endpoint in ("docs", "docs_file", "openapi_document"):
        scopes[endpoint] = PUBLIC
    without = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - set(scopes))
    if without:
        raise ValueError(f"routes without a scope: {', '.join(without)}")
    # Built once, here: a fault in the document should fail the start, and no request should wait for it.
    about = documents.About(name, version, description)
    app.extensions["fangzha_document"] = documents.document(about, everything, told.rows)
    return app


def health_of(app: Flask) -> Health:
    """The checks of an application that ``create_app`` made, to be asked on a port of their own."""
    health: Health = app.extensions[_HEALTH]
    return health


def api_document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application that ``create_app`` made."""
    document: dict[str, Any] = app.extensions["fangzha_document"]
    return document


def routes_of(app: Flask) -> tuple[Route, ...]:
    """The routes of its resources, as the application serves them."""
    routes: tuple[Route, ...] = app.extensions[_ROUTES]
    return routes


def scopes_of(app: Flask) -> dict[str, str]:
    """Each route's method and path with its scope, as the application serves them."""
    scopes: dict[str, str] = app.extensions[_SCOPES]
    return {
        f"{method} {rule.rule}": scopes.get(rule.endpoint, "")
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


def _document(app: Flask) -> Response:
    return Response(json.dumps(api_document(app), ensure_ascii=False), content_type="application/json")
