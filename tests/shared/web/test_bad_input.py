"""What callers send wrong: each gets a problem that names the field and the fix, and nothing is stored."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.db.pool import Database
from shared.process.new_ids import new_id
from tests.shared.web.builders import Caller, a_note, all_notes

REPEATED = '{"title": "x", "amount_fen": 1, "amount_fen": 900000}'
NOBODYS = "0190163d-8694-739b-aea5-966c26f8ad91"


def problem(reply: TestResponse, status: int, slug: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.get_data(as_text=True)
    assert reply.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(reply.get_data())
    assert body["type"] == f"https://fangzha.example/problems/{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["trace_id"] == reply.headers["Trace-Id"]
    assert len(body["trace_id"]) == 32
    return body


def faults(reply: TestResponse) -> dict[str, str]:
    body = problem(reply, 422, "invalid-request")
    return {each["pointer"]: each["fix"] for each in body["errors"]}


def test_a_body_that_is_not_json_is_told_where_it_breaks(caller: Caller, database: Database) -> None:
    body = problem(caller.send("/v1/notes", b'{"title": }', "application/json"), 400, "malformed-json")
    assert "line 1 column 11" in body["detail"]
    assert all_notes(database) == []


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b'{"title": "\x00"}', b"[" * 500, b'{"title": NaN}'])
def test_bytes_that_are_no_json_are_a_bad_request(caller: Caller, data: bytes) -> None:
    reply = caller.send("/v1/notes", data, "application/json")
    assert reply.status_code in {400, 422}, reply.get_data()
    assert reply.content_type == "application/problem+json"


@pytest.mark.parametrize("text", [REPEATED, REPEATED.replace("amount_fen", "\\u0061mount_fen", 1)])
def test_a_key_that_stands_twice_is_refused_with_its_name(caller: Caller, database: Database, text: str) -> None:
    body = problem(caller.send("/v1/notes", text.encode(), "application/json"), 400, "repeated-key")
    assert "`amount_fen`" in body["detail"]
    deep = '{"title": "x", "amount_fen": 1, "author": {"phone": "13800009001", "age": 1, "phone": "13800009002"}}'
    body = problem(caller.send("/v1/notes", deep.encode(), "application/json"), 400, "repeated-key")
    assert "`phone`" in body["detail"]
    assert all_notes(database) == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "aes128gcm"])
def test_a_body_that_is_encoded_is_refused_and_not_read_as_if_it_were_not(caller: Caller, encoding: str) -> None:
    data = gzip.compress(json.dumps(a_note()).encode()) if encoding == "gzip" else json.dumps(a_note()).encode()
    headers = caller.headers(Idempotency_Key=new_id(), Content_Encoding=encoding)
    reply = caller.client.post("/v1/notes", data=data, content_type="application/json", headers=headers)
    problem(reply, 415, "unsupported-encoding")
    assert reply.headers["Accept-Encoding"] == "identity"
    headers["Content-Encoding"] = "Identity"
    plain = caller.client.post("/v1/notes", json=a_note(), headers=headers)
    assert plain.status_code == 201


def test_every_wrong_field_is_named_with_its_fix(caller: Caller, database: Database) -> None:
    wrong = {
        "title": "",
        "amount_fen": "5",
        "author": {"phone": "1", "ago": 5},
        "tags": ["ok", 7],
        "seen_at": "2026-01-01T00:00:00",
    }
    assert faults(caller.post("/v1/notes", wrong)) == {
        "/title": "Send at least 1 characters.",
        "/amount_fen": "Send a whole number, without quotes.",
        "/author/phone": "Send at least 11 characters.",
        "/author/age": "Add this field.",
        "/author/ago": "Remove it; did you mean `age`?",
        "/tags/1": "Send a text in quotes.",
        "/seen_at": "Add the zone: 2026-01-31T08:00:00+08:00, or Z for UTC.",
    }
    assert all_notes(database) == []


@pytest.mark.parametrize(
    ("amount", "fix"),
    [
        (5.5, "Send a whole number, without quotes."),
        (5.0, "Send a whole number, without quotes."),
        (True, "Send a whole number, without quotes."),
        (None, "Send a whole number, without quotes."),
        (-1, "Send at least 0."),
        (10**30, "Send at most 1000000000000."),
    ],
)
def test_an_amount_is_a_whole_number_of_fen(caller: Caller, amount: object, fix: str) -> None:
    assert faults(caller.post("/v1/notes", a_note(amount_fen=amount))) == {"/amount_fen": fix}


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_a_body_that_is_no_object_is_named_as_a_whole(caller: Caller, body: object) -> None:
    assert faults(caller.send("/v1/notes", json.dumps(body).encode(), "application/json")) == {
        "": "Send an object in curly brackets."
    }


def test_a_value_is_never_repeated_in_an_error(caller: Caller) -> None:
    reply = caller.post("/v1/notes", a_note(author={"phone": "13800138000123", "age": "not telling"}))
    assert b"13800138000123" not in reply.data
    assert b"not telling" not in reply.data


def test_a_character_that_no_database_stores_is_named(caller: Caller, database: Database) -> None:
    assert faults(caller.post("/v1/notes", a_note(tags=["fine", "a\0b"]))) == {"/tags/1": "Remove that character."}
    assert faults(caller.get("/v1/notes?title=a%00b")) == {"/title": "Remove that character."}
    assert all_notes(database) == []


@pytest.mark.parametrize("levels", [900, 5000])
def test_that_character_in_a_body_nested_too_deeply_is_refused_with_the_body(caller: Caller, levels: int) -> None:
    body = '{"tags": ' + "[" * levels + "]" * levels + ', "title": "\\u0000"}'
    assert caller.send("/v1/notes", body.encode(), "application/json").status_code in {400, 422}


def test_an_escaped_backslash_is_not_taken_for_that_character(caller: Caller) -> None:
    assert caller.post("/v1/notes", a_note(title="\\u0000")).status_code == 201


def test_a_rule_of_the_domain_names_its_field_too(caller: Caller) -> None:
    assert faults(caller.post("/v1/notes", a_note(title="forbidden"))) == {"/title": "Choose another one."}


def test_another_content_type_is_told_the_right_one(caller: Caller) -> None:
    form = caller.send("/v1/notes", b"title=x", "application/x-www-form-urlencoded")
    assert "application/json" in problem(form, 415, "unsupported-media-type")["detail"]
    upload = caller.send("/v1/uploads", b"{}", "application/json")
    assert "text/csv" in problem(upload, 415, "unsupported-media-type")["detail"]


def test_json_in_a_declared_charset_is_read(caller: Caller) -> None:
    data = json.dumps(a_note(title="防诈"), ensure_ascii=False).encode()
    assert caller.send("/v1/notes", data, "application/json; charset=utf-8").status_code == 201


def test_an_oversize_body_is_refused(caller: Caller, database: Database) -> None:
    body = problem(caller.post("/v1/notes", a_note(title="x" * 2_000_000)), 413, "body-too-large")
    assert "1048576" in body["detail"]
    assert all_notes(database) == []


def test_an_unknown_path_and_an_unknown_method_are_problems(caller: Caller) -> None:
    problem(caller.get("/v1/nothing"), 404, "unknown-path")
    reply = caller.client.delete("/v1/notes")
    problem(reply, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(reply.headers["Allow"].split(", "))


def test_what_is_not_yours_is_not_there(caller: Caller, own_issuer: Any) -> None:
    note = caller.post("/v1/notes", a_note()).json
    assert note is not None
    assert caller.get(f"/v1/notes/{note['note_id']}").status_code == 200
    caller.token = own_issuer.token(tenant="south")
    theirs = problem(caller.get(f"/v1/notes/{note['note_id']}"), 404, "unknown-note")
    nobodys = problem(caller.get(f"/v1/notes/{NOBODYS}"), 404, "unknown-note")
    assert theirs["detail"].replace(note["note_id"], "") == nobodys["detail"].replace(NOBODYS, "")


def test_an_id_that_can_be_none_is_named_in_the_path(caller: Caller) -> None:
    body = problem(caller.get("/v1/notes/7"), 422, "invalid-request")
    assert [(each["pointer"], each["in"]) for each in body["errors"]] == [("/note_id", "path")]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=many", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("limt=5", "/limt"),
        ("tag=a&tag=", "/tag/1"),
    ],
)
def test_a_wrong_query_is_named(caller: Caller, query: str, pointer: str) -> None:
    body = problem(caller.get(f"/v1/notes?{query}"), 422, "invalid-request")
    assert [(each["pointer"], each["in"]) for each in body["errors"]] == [(pointer, "query")]


def test_a_query_where_none_is_read_is_named(caller: Caller) -> None:
    problem(caller.get(f"/v1/notes/{NOBODYS}?verbose=1"), 422, "invalid-request")


def test_a_mistake_of_ours_shows_nothing_but_a_number_to_ask_with(caller: Caller) -> None:
    reply = caller.client.post("/v1/bug", headers=caller.headers())
    problem(reply, 500, "internal-error")
    assert b"secret of the house" not in reply.data
    assert b"Traceback" not in reply.data


def test_nobody_learns_of_a_body_s_faults_without_a_token(caller: Caller) -> None:
    reply = caller.client.post("/v1/notes", data=b"{", content_type="application/json")
    problem(reply, 401, "not-authenticated")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_trace_of_a_caller_goes_on(caller: Caller) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    reply = caller.get("/v1/nothing", traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    assert problem(reply, 404, "unknown-path")["trace_id"] == trace_id


def test_replies_tell_browsers_to_be_careful(caller: Caller) -> None:
    for reply in (caller.get("/v1/notes"), caller.get("/v1/nothing"), caller.get("/docs")):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["Cache-Control"] == "no-store"
