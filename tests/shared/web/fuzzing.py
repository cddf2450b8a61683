"""Schemathesis against an application in this process: each operation with good and bad data made from its document.

A service's test calls ``fuzz(app, token)``. It checks what holds for every service: never a 5xx, only documented
statuses, content types and bodies, and bad data refused. What a good answer says is left to the service's own tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import cycle
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.process.new_ids import new_id

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CLOCK = "/v1/sandbox/clock"


def fuzz(
    app: Flask,
    token: str,
    *,
    known: Mapping[str, Sequence[str]] | None = None,
    examples: int = 15,
    leave_out: Sequence[str] = (CLOCK,),
) -> dict[str, int]:
    """Try every operation; how many requests each got.

    Args:
        app: what ``create_app`` gave.
        token: one with all scopes of the service.
        known: ids that exist, by the name of the path variable, so that more than 404s are tried:
            ``{"claim_id": [claim_id]}``.
        examples: of good data and as many of bad data, for each operation. With 15 a service of 20 operations takes
            about ten seconds.
        leave_out: paths that are not tried; by default the sandbox's clock, which would run away.
    """
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig())
    tried: dict[str, int] = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an Err fails the test, as it should
        if operation.path in leave_out:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not _has_input(operation):
                continue
            tried[operation.label] = tried.get(operation.label, 0) + _try(operation, mode, token, known or {}, examples)
    if not tried:
        raise AssertionError("the document has no operations")
    return tried


def _has_input(operation: Any) -> bool:
    # A file may hold anything: only its parameters can be bad.
    return any(body.media_type == "application/json" for body in operation.body) or any(
        parameter.name != "Idempotency-Key"
        for place in (operation.path_parameters, operation.query, operation.headers)
        for parameter in place
    )


def _try(operation: Any, mode: GenerationMode, token: str, known: Mapping[str, Sequence[str]], examples: int) -> int:
    ids = {name: cycle(values) for name, values in known.items()}
    # Of a list in a query that became null, the text "null" is sent, which is a good item.
    lists = {each.name for each in operation.query if each.definition["schema"].get("type") == "array"}
    count = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,  # The same requests each time: a red build can be repeated.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        nonlocal count
        count += 1
        checks = [*CHECKS]
        headers = {"Authorization": f"Bearer {token}"}
        if mode is GenerationMode.POSITIVE:
            headers["Idempotency-Key"] = new_id()
            # Every other request is about something that is there.
            if count % 2 == 0:
                case.path_parameters.update({name: next(ids[name]) for name in case.path_parameters if name in ids})
        response = case.call(headers=headers)
        bad = mode is GenerationMode.NEGATIVE and not lists & _nulls(case)
        if bad and case.media_type in {None, "application/json"}:
            # To the check, "too large" is no refusal.
            checks += [negative_data_rejection] if response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE else []
        case.validate_response(response, checks=checks)

    one()
    return count


def _nulls(case: Any) -> set[str]:
    """The parameters of the query that are sent as null."""
    return {name for name, value in (case.query or {}).items() if value is None or value == "null"}
