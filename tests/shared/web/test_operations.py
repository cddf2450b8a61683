"""Probes, metrics, logs and the sandbox's clock of a web process."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from opentelemetry import trace

from shared.db.pool import Database
from shared.db.sandbox_clock import clock_for
from shared.process import logs, metrics, traces
from shared.process.clock import wall_now
from shared.web.app import health_of
from tests.shared.web.builders import Caller, TestIssuer, a_note, notes_app


def test_metrics_count_requests_by_route_and_never_by_id(caller: Caller) -> None:
    location = caller.post("/v1/notes", a_note()).headers["Location"]
    caller.get(location)
    caller.client.open("/v1/notes", method="BREW")
    caller.get("/v1/nothing/of/the/kind")
    text = metrics.render().decode()
    assert 'fangzha_http_requests_total{method="GET",route="/v1/notes/<note_id>",status="200"}' in text
    assert 'fangzha_http_request_seconds_count{method="POST",route="/v1/notes"}' in text
    assert location.rpartition("/")[2] not in text
    assert "BREW" not in text
    assert "/of/the/kind" not in text


def test_health_and_metrics_are_not_where_requests_come_in(caller: Caller) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert caller.client.get(path).status_code == 404


def test_health_says_ok_when_all_is_well(caller: Caller) -> None:
    health = health_of(caller.client.application)
    assert json.loads(health.report(live=True)[1]) == {"status": "ok", "checks": {}}
    assert json.loads(health.report(live=False)[1]) == {"status": "ok", "checks": {"database": "ok"}}


def test_a_request_leaves_one_log_line_with_its_trace(
    caller: Caller, capsys: pytest.CaptureFixture[str], database: Database, own_issuer: TestIssuer
) -> None:
    logs.configure("notes", "web")
    reply = Caller(notes_app(database, own_issuer.verifier()).test_client(), caller.token).get("/v1/notes?limit=7")
    (line,) = [json.loads(text) for text in capsys.readouterr().err.splitlines() if '"request"' in text]
    assert line["route"] == "/v1/notes"
    assert line["status"] == 200
    assert line["service"] == "notes"
    assert (line["client"], line["subject"], line["tenant"]) == ("desk-app", "li", "north")
    assert line["trace_id"] == reply.headers["Trace-Id"]
    assert "limit=7" not in json.dumps(line)
    assert caller.token not in json.dumps(line)


def test_a_span_ends_with_its_request(caller: Caller) -> None:
    caller.get("/v1/notes")
    caller.get("/v1/nothing")
    assert not trace.get_current_span().get_span_context().is_valid
    assert traces.carrier() == {}


def test_a_sandbox_s_time_moves_forward_for_requests(database: Database, own_issuer: TestIssuer) -> None:
    app = notes_app(database, own_issuer.verifier(), clock=clock_for(database, sandbox=True))
    caller = Caller(app.test_client(), own_issuer.token(tenant="fangzha"))
    later = wall_now() + timedelta(days=40)
    moved = caller.post("/v1/sandbox/clock", {"advance_to": later.isoformat()}, key=None)
    assert moved.status_code == 200
    shown = caller.get("/v1/sandbox/clock").json
    assert shown is not None
    assert shown["now"] >= later.isoformat()[:19]
    note = caller.post("/v1/notes", a_note()).json
    assert note is not None
    assert note["written_at"] >= later.isoformat()[:19]


def test_a_sandbox_s_time_never_goes_back(database: Database, own_issuer: TestIssuer) -> None:
    app = notes_app(database, own_issuer.verifier(), clock=clock_for(database, sandbox=True))
    caller = Caller(app.test_client(), own_issuer.token(tenant="fangzha"))
    caller.post("/v1/sandbox/clock", {"advance_to": (wall_now() + timedelta(days=2)).isoformat()}, key=None)
    back = caller.post("/v1/sandbox/clock", {"advance_to": (wall_now() + timedelta(days=1)).isoformat()}, key=None)
    assert back.status_code == 409
    assert back.json is not None
    assert back.json["type"].endswith("/clock-cannot-go-back")
    far = caller.post("/v1/sandbox/clock", {"advance_to": (wall_now() + timedelta(days=9000)).isoformat()}, key=None)
    assert far.status_code == 422


def test_moving_the_time_needs_its_own_scope_and_is_the_staffs(caller: Caller, own_issuer: TestIssuer) -> None:
    caller.token = own_issuer.token(scope="notes:read notes:write", tenant="fangzha")
    assert caller.get("/v1/sandbox/clock").status_code == 403
    caller.token = own_issuer.token()
    assert caller.get("/v1/sandbox/clock").status_code == 403
    caller.token = own_issuer.token(tenant="fangzha")
    assert caller.get("/v1/sandbox/clock").status_code == 200


def test_head_is_get_without_its_body_and_options_tells_what_a_path_takes(caller: Caller) -> None:
    whole = caller.get("/v1/export")
    head = caller.client.head("/v1/export", headers=caller.headers())
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(whole.data))
    options = caller.client.options("/v1/notes")
    assert options.status_code == 200
    assert {"GET", "POST", "HEAD", "OPTIONS"} == set(options.headers["Allow"].split(", "))
    assert options.headers["X-Content-Type-Options"] == "nosniff"
