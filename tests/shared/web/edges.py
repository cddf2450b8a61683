"""The edges of each type, at each place of each operation, made from an application's document.

One value at a time is put into a request that is good otherwise. Each is at, or just beyond, a border of JSON, of the
type in the document, of Python's type or of PostgreSQL's. Whatever becomes of it, it is answered below 500.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from random import Random
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from flask import Flask
from hypothesis import Phase, find, settings, strategies

from shared.process.new_ids import new_id

Json: TypeAlias = Any
Body: TypeAlias = Callable[[int], Json]
"""A good body, another one for each number: what was done once is often refused the second time."""

_REFUSED: Final = 400
_SERVER_ERROR: Final = 500

INTEGERS: Final = tuple(
    number for border in (0, 2**15, 2**31, 2**63, 10**30, 10**4000) for number in (border - 1, border, -border - 1)
)
NUMBERS: Final = (0.0, -0.0, 5e-324, 1e-300, 0.1 + 0.2, 1 - 2**-53, 1.0, 1e308, -1e308, 2**1024)
STRINGS: Final = (
    "",
    " ",
    "\t\r\n",
    "\0",
    "a\0b",
    "\ud800",
    "\udc00\ud800",
    "\ud83d\ude00",  # in JSON a pair of halves: one character
    "\ufeff",
    "\uffff",
    "\U0010ffff",
    "𬭎",
    "\u202e",
    "e\u0301" * 3,
    "１２３",
    "٣",
    "'; --",
    "%s %(x)s %",
    "\\",
    "{}",
    "a" * 70_000,
)
DATES: Final = (
    "0000-01-01",
    "0001-01-01",
    "1582-10-10",
    "1899-12-31",
    "1900-01-01",
    "1970-01-01",
    "2026-02-29",
    "2199-12-31",
    "2200-01-01",
    "9999-12-31",
    "10000-01-01",
    "-4713-01-01",
    "infinity",
    "epoch",
    "20260131",
    "2026-W05-6",
    "0",
)
ZONES: Final = ("", "Z", "-00:00", "+14:00", "-12:00", "+15:59", "+16:00", "-23:59", "+23:59:59", "+24:00")
TIMES: Final = ("23:59:59.999999", "23:59:59.999999999", "23:59:60", "24:00:00", "12:00")
MOMENTS: Final = (
    *(f"2026-02-01T00:00:00{zone}" for zone in ZONES),
    *(f"2026-02-01T{time}Z" for time in TIMES),
    *(
        f"{day}T00:00:00{zone}"
        for day in ("0001-01-01", "1900-01-01", "2199-12-31", "9999-12-31")
        for zone in ZONES[3:5]
    ),
)
IDS: Final = (
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000",
)
FORMATS: Final = {"date": DATES, "date-time": MOMENTS}
OTHERS: Final[tuple[Json, ...]] = (None, True, False, 0, 1.5, "", [], {}, [[]], {"": None})
"""Of another type than asked for."""


@dataclass(frozen=True)
class _Route:
    method: str
    path: str
    parameters: list[Json]


@dataclass
class Edges:
    """All operations of ``app``, as whoever has ``token``."""

    app: Flask
    token: str
    bodies: Mapping[str, Body]
    """Good bodies by operation, e.g. ``POST /v1/policies``; for others one is made from the document."""
    known: Mapping[str, str]
    """Ids that exist, by the name of the path variable, and good values of fields, by their name."""
    leave_out: tuple[str, ...] = ("/v1/sandbox/clock",)
    faults: list[str] = field(default_factory=list)
    tried: int = 0
    accepted: int = 0

    def __post_init__(self) -> None:
        self._client = self.app.test_client()
        self._document: Json = self._client.get("/openapi.json").json
        self._number = 0

    def try_all(self) -> None:
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                if path not in self.leave_out:
                    self._try(method.upper(), path, operation)

    def _try(self, method: str, path: str, operation: Json) -> None:
        parameters = [self._resolved(each) for each in operation.get("parameters", ())]
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        make = self.bodies.get(f"{method} {path}", lambda _: self._good(schema) if schema else None)
        route = _Route(method, path, parameters)
        for parameter in parameters:
            for value in self._texts(parameter["schema"]):
                self._send(route, {(parameter["in"], parameter["name"]): value}, make)
        for place, own in self._places(schema, ()) if schema else ():
            for value in (*self._values(own), *OTHERS):
                self._send(route, {}, partial(_changed, make, place, value))

    def _send(self, route: _Route, given: Mapping[tuple[str, str], str], make: Body) -> None:
        self._number += 1
        address, query = route.path, []
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": new_id(), "If-Match": "*"}
        for parameter in route.parameters:
            where, name = parameter["in"], parameter["name"]
            value = given.get((where, name))
            text = self._known(name, parameter["schema"]) if value is None else value
            if where == "path":
                address = address.replace(f"{{{name}}}", _quoted(text))
            elif where == "query" and (value is not None or parameter.get("required")):
                query.append(f"{name}={_quoted(text)}")
            elif where == "header" and value is not None and value.isprintable() and value.isascii():
                headers[name] = value
        body = make(self._number)
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        response = self._client.open(f"{address}?{'&'.join(query)}", method=route.method, headers=headers, data=data)
        self.tried += 1
        self.accepted += response.status_code < _REFUSED
        if response.status_code >= _SERVER_ERROR:
            self.faults.append(
                f"{route.method} {address}?{'&'.join(query)} {response.status_code} {(data or b'')[:3000]!r}"
            )

    # --- what a place may hold

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            found: Json = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _choices(self, schema: Json) -> list[Json]:
        schema = self._resolved(schema)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return [choice for each in schema[word] for choice in self._choices(each)]
        return [schema]

    def _places(self, schema: Json, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Json]]:
        """Each place in a body, with the schema of what stands there."""
        if path:
            yield path, schema
        for choice in self._choices(schema):
            for name, own in choice.get("properties", {}).items():
                yield from self._places(own, (*path, name))
            if "items" in choice:
                yield from self._places(choice["items"], (*path, 0))

    def _values(self, schema: Json) -> list[Json]:
        found: list[Json] = []
        for choice in self._choices(schema):
            match choice.get("type"):
                case "integer":
                    ends = [choice[word] for word in ("minimum", "maximum") if word in choice]
                    found += [*INTEGERS, *(end + step for end in ends for step in (-1, 0, 1))]
                case "number":
                    found += [*NUMBERS, *INTEGERS[:8]]
                case "string":
                    found += self._strings(choice)
                case "array":
                    item = self._good(choice["items"])
                    found += [[], [item], [item, item], [item] * (choice.get("maxItems", 100) + 1)]
                case "object":
                    found += [{}, {"a\0": True}, {"\ud800": True}, {"a" * 3000: True}, {"code": 10**30}]
        return found

    @staticmethod
    def _strings(schema: Json) -> list[str]:
        found = [*STRINGS, *FORMATS.get(schema.get("format", ""), ())]
        if "maxLength" in schema:
            longest = schema["maxLength"]
            found += [sign * length for sign in "a 𬭎\u0301\ufdfa" for length in (longest, longest + 1)]
        if "pattern" in schema:
            found += [*IDS, *(good + end for good in [_matching(schema["pattern"])] for end in ("\n", "\0", " "))]
        return found

    def _texts(self, schema: Json) -> list[str]:
        """The same as text, for addresses and headers; a cursor has edges of its own."""
        return [value if isinstance(value, str) else str(value) for value in self._values(schema) if value != 10**4000]

    # --- good ones

    def _known(self, name: str, schema: Json) -> str:
        return self.known.get(name) or str(self._good(schema))

    def _good(self, schema: Json) -> Json:
        schema = self._choices(schema)[0]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        match schema.get("type"):
            case "object":
                found: Json = {
                    name: self.known.get(name, self._good(own)) for name, own in schema.get("properties", {}).items()
                }
            case "array":
                found = [self._good(schema["items"])]
            case "integer" | "number":
                found = max(schema.get("minimum", 0), min(1, schema.get("maximum", 1)))
            case "string":
                found = self._good_string(schema)
            case other:
                found = True if other == "boolean" else None
        return found

    @staticmethod
    def _good_string(schema: Json) -> str:
        if schema.get("examples"):
            return str(schema["examples"][0])
        if "format" in schema:
            return {"date": "2026-01-31", "date-time": "2026-01-31T08:00:00+08:00"}.get(schema["format"], "x")
        return _matching(schema["pattern"]) if "pattern" in schema else "x" * max(1, schema.get("minLength", 1))


@cache
def _matching(pattern: str) -> str:
    first_found = settings(phases=[Phase.generate], database=None)
    return find(strategies.from_regex(pattern, fullmatch=True), lambda _: True, settings=first_found, random=Random(1))  # noqa: S311


def _changed(make: Body, place: tuple[Any, ...], value: Json, number: int) -> Json:
    """A good body with ``value`` at ``place``; what leads there is made where it is absent."""
    body = copy.deepcopy(make(number))
    inner = body
    for step, following in pairwise(place):
        if isinstance(inner, list):
            inner[:] = inner or [None]
        elif inner.get(step) is None:
            inner[step] = None
        if not isinstance(inner[step], list if following == 0 else dict):
            inner[step] = [None] if following == 0 else {}
        inner = inner[step]
    if isinstance(inner, list):
        inner[:] = [value]
    else:
        inner[place[-1]] = value
    return body


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
