"""The API document is valid and complete, and its page needs no network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.db.pool import Database
from shared.web.app import api_document, scopes_of
from shared.web.errors import TooManyRequests
from shared.web.models import ReplyModel, RequestModel
from shared.web.resource import PUBLIC, Call, Callers, Reply, Resource
from tests.shared.web.builders import Caller, TestIssuer, notes_app


@pytest.fixture
def document(database: Database, own_issuer: TestIssuer) -> dict[str, Any]:
    return api_document(notes_app(database, own_issuer.verifier()))


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"'#/components/schemas/([^']+)'", str(document)))
    assert names
    assert names <= set(document["components"]["schemas"])


def test_each_operation_says_its_scope_and_its_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        ((scheme, (scope,)),) = operation["security"][0].items()
        assert scheme in document["components"]["securitySchemes"]
        assert f"`{scope}`" in operation["description"]
        for status, response in operation["responses"].items():
            kind = "application/problem+json" if int(status) >= 400 else None
            assert response["description"], name
            assert kind is None or list(response["content"]) == [kind]
            assert kind is None or re.fullmatch(r"`[a-z-]+`: [^`]+(; `[a-z-]+`: [^`]+)*", response["description"]), name
        assert {"401", "403", "422", "503"} <= set(operation["responses"]), name


def test_what_creates_asks_for_a_key_and_nothing_else_does(document: dict[str, Any]) -> None:
    asking = {
        name
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert asking == {"POST /v1/notes", "POST /v1/uploads"}


def test_each_operation_has_an_id_of_its_own_and_a_sentence_as_its_summary(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _name, operation in operations(document)]
    assert len(ids) == len(set(ids))
    cut = [operation["summary"] for _name, operation in operations(document) if not operation["summary"].endswith(".")]
    assert cut == []


def test_examples_and_limits_of_fields_survive(document: dict[str, Any]) -> None:
    note = document["components"]["schemas"]["NoteRequest"]
    assert note["additionalProperties"] is False
    assert note["properties"]["amount_fen"]["maximum"] == 1_000_000_000_000
    path = document["paths"]["/v1/notes/{note_id}"]["get"]["parameters"][0]
    assert path["schema"]["examples"]


def test_every_route_states_its_scope(database: Database, own_issuer: TestIssuer) -> None:
    scopes = scopes_of(notes_app(database, own_issuer.verifier()))
    assert scopes["POST /v1/notes"] == "notes:write"
    public = {route for route, scope in scopes.items() if scope == PUBLIC}
    assert public == {
        "GET /docs",
        "GET /docs/<path:name>",
        "GET /openapi.json",
    }
    assert all(scopes.values())


def test_no_route_but_the_public_ones_answers_without_a_token(caller: Caller) -> None:
    for route, scope in scopes_of(caller.client.application).items():
        method, path = route.split(" ")
        concrete = re.sub(r"<[^>]+>", "0190163d-8694-739b-aea5-966c26f8ad91", path)
        reply = caller.client.open(concrete, method=method)
        assert (reply.status_code == 401) == (scope != PUBLIC), route


def test_a_route_without_a_scope_fails_when_it_is_imported() -> None:
    resource = Resource("things", "Things")
    with pytest.raises(TypeError, match="scope"):
        resource.get("/v1/things")
    with pytest.raises(ValueError, match="claims:read"):
        resource.get("/v1/things", scope="everything", callers=Callers.BOTH)


class View(ReplyModel):
    number: int


class Other(RequestModel):
    number: int


def test_a_view_that_does_not_fit_its_path_fails_when_it_is_imported() -> None:
    resource = Resource("things", "Things")

    def view(call: Call[Any], path: Other) -> Reply[View]:
        return Reply(View(number=path.number))

    def strange(call: Call[Any], payload: Other) -> Reply[View]:
        return Reply(View(number=payload.number))

    with pytest.raises(TypeError, match="thing_id"):
        resource.get("/v1/things/<thing_id>", scope="things:read", callers=Callers.BOTH, reply=View)(view)
    with pytest.raises(TypeError, match="payload"):
        resource.get("/v1/things", scope="things:read", callers=Callers.BOTH, reply=View)(strange)


def test_the_page_loads_nothing_from_elsewhere(caller: Caller) -> None:
    page = caller.client.get("/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    for source in sources:
        assert source.startswith("/docs/")
        with caller.client.get(source) as file:
            assert file.status_code == 200
    assert "http" not in page.text.replace("https://json-schema.org", "")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    document = caller.client.get("/openapi.json")
    assert document.json is not None
    assert document.json["info"]["title"] == "Notes"


def test_the_page_s_files_end_at_its_folder(caller: Caller) -> None:
    for path in (
        "/docs/../__init__.py",
        "/docs/%2e%2e/__init__.py",
        "/docs/js/../../../plugins.py",
        "/docs//etc/passwd",
    ):
        assert caller.client.get(path).status_code == 404


def test_an_error_that_says_when_to_come_back_is_told_so() -> None:
    assert TooManyRequests(7).sentence() == "Too many requests; wait 7 seconds."
