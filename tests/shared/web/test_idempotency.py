"""A repeated request has one effect and one reply, whatever happens in between. On a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg2
import pytest
from werkzeug.test import TestResponse

from shared.db import kept_replies
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.web.auth.tokens import Principal
from shared.web.errors import RequestInProgress
from shared.web.idempotency import Done, IdempotentRequest, StoredReply, begin, finish, once_only
from shared.web.reply_seal import ReplySeal
from tests.shared.web.builders import SEAL, Caller, Desk, Gate, TestIssuer, a_note, all_notes, notes_app

KEY = "5f0c6b1e-0f7f-4a39-8f9a-5d4c3b2a1f00"


def slug(reply: TestResponse) -> str:
    assert reply.json is not None
    return str(reply.json["type"]).rpartition("/")[2]


def in_background(work: Callable[[], TestResponse]) -> tuple[threading.Thread, list[TestResponse]]:
    replies: list[TestResponse] = []
    thread = threading.Thread(target=lambda: replies.append(work()))
    thread.start()
    return thread, replies


def test_a_repeated_request_gets_the_first_reply_and_has_no_second_effect(caller: Caller, database: Database) -> None:
    first = caller.post("/v1/notes", a_note(), key=KEY)
    again = caller.post("/v1/notes", a_note(), key=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(all_notes(database)) == 1


def test_spaces_and_the_order_of_fields_do_not_make_another_request(caller: Caller, database: Database) -> None:
    caller.send("/v1/notes", b'{"title":"A","amount_fen":5}', "application/json", key=KEY)
    again = caller.send("/v1/notes", b'{ "amount_fen": 5,\n "title": "A" }', "application/json", key=KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(all_notes(database)) == 1


def test_the_same_key_with_another_body_is_refused(caller: Caller, database: Database) -> None:
    caller.post("/v1/notes", a_note(), key=KEY)
    other = caller.post("/v1/notes", a_note(title="Another"), key=KEY)
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")
    assert len(all_notes(database)) == 1


def test_a_request_without_a_key_is_told_to_send_one(caller: Caller, database: Database) -> None:
    reply = caller.post("/v1/notes", a_note(), key=None)
    assert (reply.status_code, slug(reply)) == (400, "idempotency-key-missing")
    assert all_notes(database) == []


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space", "quote'quote", "ünïcödé-key", "a/b/c/d/e"])
def test_a_malformed_key_is_refused(caller: Caller, key: str) -> None:
    reply = caller.post("/v1/notes", a_note(), key=key)
    assert (reply.status_code, slug(reply)) == (400, "idempotency-key-malformed")


def test_keys_of_two_clients_do_not_meet(caller: Caller, own_issuer: TestIssuer, database: Database) -> None:
    caller.post("/v1/notes", a_note(), key=KEY)
    caller.token = own_issuer.token(client_id="other-app")
    other = caller.post("/v1/notes", a_note(title="Another"), key=KEY)
    assert other.status_code == 201
    assert len(all_notes(database)) == 2


@pytest.mark.parametrize("other", ["tenant", "sub"])
def test_keys_of_two_tenants_and_of_two_persons_of_one_client_do_not_meet(
    caller: Caller, own_issuer: TestIssuer, database: Database, other: str
) -> None:
    caller.post("/v1/notes", a_note(), key=KEY)
    caller.token = own_issuer.token(tenant="south") if other == "tenant" else own_issuer.token(sub="wang")
    theirs = caller.post("/v1/notes", a_note(), key=KEY)
    assert theirs.status_code == 201
    assert "Idempotency-Replayed" not in theirs.headers
    assert len(all_notes(database)) == 2


def test_keys_of_two_routes_do_not_meet(caller: Caller) -> None:
    caller.post("/v1/notes", a_note(), key=KEY)
    assert caller.send("/v1/uploads", b"a,b\n", "text/csv", key=KEY).status_code == 202


def test_while_the_first_is_in_progress_the_second_is_told_to_wait(
    caller: Caller, desk: Desk, database: Database
) -> None:
    desk.middle = gate = Gate()
    thread, replies = in_background(lambda: caller.post("/v1/notes", a_note(), key=KEY))
    assert gate.reached.wait(60)
    meanwhile = caller.post("/v1/notes", a_note(), key=KEY)
    assert (meanwhile.status_code, slug(meanwhile)) == (409, "request-in-progress")
    assert int(meanwhile.headers["Retry-After"]) > 0
    gate.open.set()
    thread.join(60)
    assert replies[0].status_code == 201
    after = caller.post("/v1/notes", a_note(), key=KEY)
    assert after.data == replies[0].data
    assert len(all_notes(database)) == 1


def test_another_key_is_not_held_up_by_one_in_progress(caller: Caller, desk: Desk) -> None:
    desk.middle = gate = Gate()
    thread, _replies = in_background(lambda: caller.post("/v1/notes", a_note(), key=KEY))
    assert gate.reached.wait(60)
    desk.middle = lambda _tx: None
    try:
        assert caller.post("/v1/notes", a_note(), key=f"{KEY}-b").status_code == 201
    finally:
        gate.open.set()
        thread.join(60)


def test_a_request_that_failed_can_be_sent_again_with_its_key(caller: Caller, desk: Desk, database: Database) -> None:
    def fail(_tx: Tx) -> None:
        raise RuntimeError("broke in the middle")

    desk.middle = fail
    assert caller.post("/v1/notes", a_note(), key=KEY).status_code == 500
    assert all_notes(database) == []
    desk.middle = lambda _tx: None
    assert caller.post("/v1/notes", a_note(), key=KEY).status_code == 201
    assert len(all_notes(database)) == 1


def test_a_connection_that_dies_in_the_middle_leaves_nothing_stuck(
    caller: Caller, desk: Desk, database: Database, notes_url: str
) -> None:
    def kill(tx: Tx) -> None:
        row = tx.one("SELECT pg_backend_pid()")
        assert row is not None
        other = psycopg2.connect(notes_url)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", row)
        other.close()

    desk.middle = kill
    reply = caller.post("/v1/notes", a_note(), key=KEY)
    assert (reply.status_code, slug(reply)) == (503, "database-away")
    assert int(reply.headers["Retry-After"]) > 0
    assert all_notes(database) == []
    desk.middle = lambda _tx: None
    assert caller.post("/v1/notes", a_note(), key=KEY).status_code == 201
    assert len(all_notes(database)) == 1


def test_one_of_many_requests_at_once_has_the_effect(database: Database, own_issuer: TestIssuer) -> None:
    app = notes_app(database, own_issuer.verifier())
    token = own_issuer.token()
    statuses: list[int] = []

    def send() -> None:
        statuses.append(Caller(app.test_client(), token).post("/v1/notes", a_note(), key=KEY).status_code)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses.count(201) >= 1
    assert set(statuses) <= {201, 409, 503}
    assert len(all_notes(database)) == 1


def test_a_request_that_did_not_see_the_first_one_s_commit_is_undone(database: Database) -> None:
    li = Principal("li", "desk-app", "north", frozenset())
    once, twice = (IdempotentRequest(KEY, li, "POST /v1/notes") for _ in range(2))
    reply = StoredReply(201, {}, b"{}")
    with database.transaction() as tx:
        assert begin(tx, [twice]) == [None]
    with database.transaction() as tx:
        assert begin(tx, [once]) == [None]
        finish(tx, [Done(once, b"f", reply)], SEAL)
    with pytest.raises(RequestInProgress), once_only(), database.transaction() as tx:
        finish(tx, [Done(twice, b"f", reply)], SEAL)


def test_an_upload_is_repeated_by_its_content(caller: Caller) -> None:
    first = caller.send("/v1/uploads", b"a,b\n" * 1000, "text/csv", key=KEY)
    again = caller.send("/v1/uploads", b"a,b\n" * 1000, "text/csv", key=KEY)
    other = caller.send("/v1/uploads", b"a,c\n" * 1000, "text/csv", key=KEY)
    assert first.status_code == 202
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


def test_what_is_stored_names_neither_key_nor_content(caller: Caller, database: Database) -> None:
    caller.post("/v1/notes", a_note(title="Of Mr Li", author={"phone": "13800138000", "age": 30}), key=KEY)
    with database.transaction() as tx:
        rows = tx.all("SELECT key, fingerprint, headers::text, body FROM idempotency_keys")
    stored = b"".join(str(part).encode() if not isinstance(part, memoryview) else bytes(part) for part in rows[0])
    assert len(rows) == 1
    assert KEY.encode() not in stored
    assert b"13800138000" not in stored
    assert b"Of Mr Li" not in stored


def test_of_a_reply_about_somebody_who_was_forgotten_only_that_it_was_given_is_left(
    caller: Caller, database: Database
) -> None:
    first = caller.post("/v1/notes", a_note(), key=KEY)
    other = caller.post("/v1/notes", a_note(title="Another"), key=f"{KEY}-b")
    assert first.json is not None
    with database.transaction() as tx:
        assert kept_replies.forget(tx, [first.json["note_id"]]) == 1
    again = caller.post("/v1/notes", a_note(), key=KEY)
    assert (again.status_code, slug(again)) == (410, "reply-not-kept")
    assert caller.post("/v1/notes", a_note(title="Another"), key=f"{KEY}-b").data == other.data
    assert len(all_notes(database)) == 2


def test_a_kept_reply_outlives_a_rotation_of_keys_and_nothing_else_opens_it(
    caller: Caller, database: Database, own_issuer: TestIssuer
) -> None:
    first = caller.post("/v1/notes", a_note(), key=KEY)
    old, new = bytes(32), bytes([7]) * 32
    for keys, expected in (({2: new, 1: old}, 201), ({2: new}, 410), ({1: new}, 410)):
        app = notes_app(database, own_issuer.verifier(), seal=ReplySeal(keys))
        again = Caller(app.test_client(), caller.token).post("/v1/notes", a_note(), key=KEY)
        assert again.status_code == expected
        assert expected == 410 or again.data == first.data
