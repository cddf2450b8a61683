"""Who may do what: each operation of a service's API document, tried as each client and for both tenants.

What is expected comes from the document alone: an operation's scope and its ``x-callers``. A service's test says what
the two tenants own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from deploy.local.issuer import Issuer, clients
from shared.process.new_ids import new_id
from shared.values.ids import INSURER

_DOCUMENTS: Final = Path(__file__).parents[1] / "docs" / "api"
_VARIABLE: Final = re.compile(r"{(\w+)}")
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
REFUSALS: Final = frozenset({"not-authenticated", "scope-missing", "not-staff", "not-for-staff", "no-contract"})
"""Slugs that say: not you. Whatever else an operation answers, it let the caller in."""


@dataclass(frozen=True)
class Operation:
    """One of the document, with whom it is for."""

    method: str
    path: str
    scope: str
    callers: str
    content_type: str

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(_VARIABLE.findall(self.path))


@dataclass(frozen=True)
class Role:
    """A client of the local issuer, or one with every scope that the service has."""

    name: str
    tenant: str
    scopes: frozenset[str]
    token: str


@dataclass
class Belongings:
    """What one tenant owns."""

    ids: dict[str, str]
    """By the names of path variables."""
    bodies: dict[str, Any] = field(default_factory=dict)
    """By the operations' labels, for those that have a body and concern one thing of the tenant's."""


def operations(service: str) -> list[Operation]:
    """All that ask for a token, as docs/api has them."""
    document = json.loads((_DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
    return [
        Operation(method.upper(), path, scope, operation["x-callers"], _content_type(operation))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS and path.startswith("/v1/")
        for security in operation["security"]
        for scope in security["bearer"]
    ]


def roles(issuer: Issuer, service: str) -> list[Role]:
    """Each client that the service's tokens are issued to."""
    audience = f"fangzha-{service.replace('_', '-')}"
    return [
        Role(name, client.tenant, frozenset(client.scopes), issuer.token(name, audience=audience))
        for name, client in clients().items()
        if audience in client.audiences
    ]


def with_every_scope(issuer: Issuer, service: str, client: str) -> Role:
    """As an issuer might make a token by mistake."""
    scopes = sorted({operation.scope for operation in operations(service)})
    token = issuer.token(client, audience=f"fangzha-{service.replace('_', '-')}", scope=" ".join(scopes))
    return Role(f"{client} with every scope", clients()[client].tenant, frozenset(scopes), token)


def refusal(operation: Operation, role: Role) -> str | None:
    """The slug that the role is refused with; None where it is let in."""
    if operation.scope not in role.scopes:
        return "scope-missing"
    if operation.callers == "staff" and role.tenant != INSURER:
        return "not-staff"
    if operation.callers == "partners" and role.tenant == INSURER:
        return "not-for-staff"
    return None


def wrong_cells(app: Flask, service: str, everyone: list[Role]) -> Iterator[str]:
    """Each operation tried as each role, on things that there are not; a sentence where it was answered otherwise."""
    for operation in operations(service):
        for role in everyone:
            reply = ask(app, operation, role)
            wanted, said = refusal(operation, role), slug(reply)
            met = said == wanted if wanted is not None else said not in REFUSALS
            if not met or reply.status_code >= 500:
                yield f"{role.name}: {operation.label} is {reply.status_code} {said}, not {wanted or 'let in'}"


def wrongly_shared(
    app: Flask, service: str, belongings: Belongings, *, owner: Role, other: Role, staff: Role
) -> Iterator[str]:
    """Each operation on what ``owner`` has: unknown to ``other``, known to staff where the document says so."""
    for operation in sorted(operations(service), key=lambda each: each.method == "DELETE"):
        concerns = set(operation.variables) & set(belongings.ids)
        if operation.callers == "staff":
            continue
        if not concerns:
            shown = ask(app, operation, other).text if operation.method == "GET" else ""
            yield from (f"{operation.label} shows {name}" for name, value in belongings.ids.items() if value in shown)
            continue
        for role, known in ((other, False), (staff, True), (owner, True)):
            if refusal(operation, role) is not None:
                continue
            reply = ask(app, operation, role, belongings)
            if (reply.status_code != 404) != known:
                yield f"{role.name}: {operation.label} is {reply.status_code} {slug(reply)}"


def ask(app: Flask, operation: Operation, role: Role, belongings: Belongings | None = None) -> TestResponse:
    """One request; ids are the owner's, or made up."""
    ids: Mapping[str, str] = {} if belongings is None else belongings.ids
    path = _VARIABLE.sub(lambda found: ids.get(found[1]) or str(UUID(int=0)), operation.path)
    body = None if belongings is None or not operation.content_type else belongings.bodies[operation.label]
    return app.test_client().open(
        path,
        method=operation.method,
        data=None if not operation.content_type else json.dumps(body or {}),
        content_type=operation.content_type or None,
        headers={"Authorization": f"Bearer {role.token}", "Idempotency-Key": new_id(), "If-Match": "*"},
    )


def slug(reply: TestResponse) -> str:
    """The stable end of a problem's type; empty where it is none."""
    if reply.content_type != "application/problem+json" or reply.json is None:
        return ""
    return str(reply.json["type"]).rpartition("/")[2]


def _content_type(operation: dict[str, Any]) -> str:
    return next(iter(operation.get("requestBody", {}).get("content", {})), "")
