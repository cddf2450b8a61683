"""The HTTP edge under made-up requests; and that the harness notices what it should."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from schemathesis.core.failures import FailureGroup

from shared.db.pool import Database
from shared.web.app import create_app
from shared.web.resource import Call, Callers, Reply, ReplyModel, RequestModel, Resource
from tests import clock
from tests.shared.web.builders import SEAL, Caller, TestIssuer, a_note, notes_app
from tests.shared.web.edges import Edges
from tests.shared.web.fuzzing import fuzz


def test_no_made_up_request_breaks_the_edge(database: Database, own_issuer: TestIssuer) -> None:
    app = notes_app(database, own_issuer.verifier())
    token = own_issuer.token()
    note = Caller(app.test_client(), token).post("/v1/notes", a_note()).json
    assert note is not None
    tried = fuzz(app, token, known={"note_id": [note["note_id"]]}, leave_out=("/v1/sandbox/clock", "/v1/bug"))
    assert set(tried) == {
        "POST /v1/notes",
        "GET /v1/notes",
        "GET /v1/notes/{note_id}",
        "PUT /v1/notes/{note_id}",
        "POST /v1/uploads",
        "GET /v1/export",
        "GET /v1/long-export",
    }


class Number(ReplyModel):
    number: int


class Wish(RequestModel):
    number: int


def application(database: Database, issuer: TestIssuer, resource: Resource) -> Flask:
    return create_app(
        "Broken",
        version="1",
        description="",
        resources=[resource],
        problems={},
        deps=None,
        database=database,
        clock=clock.CLOCK,
        verifier=issuer.verifier(),
        seal=SEAL,
        sandbox=False,
    )


def test_the_harness_finds_a_number_that_the_database_cannot_hold(database: Database, own_issuer: TestIssuer) -> None:
    resource = Resource("numbers", "Numbers")

    @resource.post("/v1/numbers", scope="notes:write", callers=Callers.BOTH, reply=Number)
    def store(call: Call[Any], body: Wish) -> Reply[Number]:
        """Stores without asking whether it fits."""
        call.tx.one("SELECT %s::smallint", (body.number,))
        return Reply(Number(number=body.number))

    with pytest.raises(FailureGroup) as caught:
        fuzz(application(database, own_issuer, resource), own_issuer.token(), examples=60)
    assert "ServerError" in {type(each).__name__ for each in caught.value.exceptions}


def test_the_edges_find_a_number_that_the_database_cannot_hold(database: Database, own_issuer: TestIssuer) -> None:
    resource = Resource("numbers", "Numbers")

    @resource.post("/v1/numbers", scope="notes:write", callers=Callers.BOTH, reply=Number)
    def store(call: Call[Any], body: Wish) -> Reply[Number]:
        """Stores without asking whether it fits."""
        call.tx.one("SELECT %s::integer", (body.number,))
        return Reply(Number(number=1))

    edges = Edges(application(database, own_issuer, resource), own_issuer.token(), {}, {})
    edges.try_all()
    assert any(str(2**31) in fault for fault in edges.faults)


def test_the_edges_of_each_type_break_nothing_of_the_edge(database: Database, own_issuer: TestIssuer) -> None:
    app = notes_app(database, own_issuer.verifier())
    bodies = {"POST /v1/notes": lambda _: a_note()}
    edges = Edges(app, own_issuer.token(), bodies, {}, leave_out=("/v1/sandbox/clock", "/v1/bug"))
    edges.try_all()
    assert edges.faults == []
    assert edges.accepted > 20


def test_the_harness_finds_an_undocumented_status(database: Database, own_issuer: TestIssuer) -> None:
    resource = Resource("numbers", "Numbers")

    @resource.get("/v1/number", scope="notes:read", callers=Callers.BOTH, reply=Number)
    def number(call: Call[Any]) -> Reply[Number]:
        """Answers otherwise than it says."""
        return Reply(Number(number=1), status=299)

    with pytest.raises(FailureGroup) as caught:
        fuzz(application(database, own_issuer, resource), own_issuer.token())
    assert "UndefinedStatusCode" in {type(each).__name__ for each in caught.value.exceptions}
