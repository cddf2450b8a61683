"""When the database is busy or away: callers are told to come back, nothing is half done, and it heals by itself."""

from __future__ import annotations

import threading

from shared.db.pool import Database
from tests.real_parts import Postgres
from tests.shared.web.builders import Caller, Desk, Gate, TestIssuer, a_note, all_notes, notes_app


def test_when_all_connections_are_busy_a_caller_is_told_when_to_come_back(
    notes_url: str, own_issuer: TestIssuer
) -> None:
    database = Database(notes_url, size=1, wait_seconds=0.1)
    desk = Desk(middle=(gate := Gate()))
    caller = Caller(notes_app(database, own_issuer.verifier(), desk=desk).test_client(), own_issuer.token())
    thread = threading.Thread(target=lambda: caller.post("/v1/notes", a_note()))
    thread.start()
    assert gate.reached.wait(60)
    try:
        reply = caller.post("/v1/notes", a_note())
        assert reply.status_code == 503
        assert reply.json is not None
        assert reply.json["type"].endswith("/busy")
        assert int(reply.headers["Retry-After"]) > 0
    finally:
        gate.open.set()
        thread.join(60)
    assert caller.post("/v1/notes", a_note()).status_code == 201
    database.close()


def test_a_request_that_needs_no_database_takes_no_connection(notes_url: str, own_issuer: TestIssuer) -> None:
    database = Database(notes_url, size=1, wait_seconds=0.1)
    caller = Caller(notes_app(database, own_issuer.verifier()).test_client(), own_issuer.token())
    with database.transaction() as held:
        assert held.one("SELECT 1") == (1,)
        assert caller.get("/v1/export").status_code == 200
        assert caller.post("/v1/notes", a_note(amount_fen=-1)).status_code == 422
        assert caller.client.post("/v1/notes", json=a_note()).status_code == 401
    database.close()


def test_a_long_file_holds_no_connection_while_it_is_read(notes_url: str, own_issuer: TestIssuer) -> None:
    database = Database(notes_url, size=1, wait_seconds=0.1)
    caller = Caller(notes_app(database, own_issuer.verifier()).test_client(), own_issuer.token())
    for title in ("first", "second"):
        assert caller.post("/v1/notes", a_note(title=title)).status_code == 201
    response = caller.client.get("/v1/long-export", headers=caller.headers(), buffered=False)
    arriving = response.iter_encoded()
    assert next(iter(arriving)) == b"title\n"
    with database.transaction() as tx:
        assert tx.one("SELECT 1") == (1,)
    assert b"".join(arriving) == b"first\nsecond\n"
    assert response.headers["Content-Disposition"] == "attachment"
    response.close()
    database.close()


def test_while_postgresql_is_away_requests_fail_softly_and_then_work_again(
    postgres: Postgres, caller: Caller, database: Database
) -> None:
    assert caller.post("/v1/notes", a_note(title="before")).status_code == 201
    postgres.restart()
    replies = [caller.post("/v1/notes", a_note(title="after")) for _ in range(3)]
    assert {reply.status_code for reply in replies} <= {201, 503}
    assert replies[-1].status_code == 201
    done = sum(reply.status_code == 201 for reply in replies)
    assert [title for title, _tenant in all_notes(database)] == ["before", *["after"] * done]


def test_while_postgresql_takes_no_writes_who_writes_is_told_to_come_back_and_then_it_works_again(
    postgres: Postgres, caller: Caller, notes_url: str
) -> None:
    name = notes_url.rpartition("/")[2]
    assert caller.post("/v1/notes", a_note()).status_code == 201
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgres.end_sessions(name)
    for _ in range(3):
        reply = caller.post("/v1/notes", a_note())
        assert reply.status_code == 503
        assert int(reply.headers["Retry-After"]) > 0
        assert reply.json is not None
        assert reply.json["type"].endswith("/database-away")
    assert caller.get("/v1/notes").status_code == 200
    assert "takes no writes" in caller.unwell()["database"]
    assert caller.unwell(live=True) == {}

    postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    assert caller.unwell() == {}
    assert caller.post("/v1/notes", a_note()).status_code == 201


def test_readyz_says_what_is_wrong_and_livez_stays_well(own_issuer: TestIssuer) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=2", size=1, wait_seconds=0.1)
    caller = Caller(notes_app(nowhere, own_issuer.verifier()).test_client(), own_issuer.token())
    assert "PostgreSQL cannot be reached" in caller.unwell()["database"]
    assert caller.unwell(live=True) == {}
    reply = caller.get("/v1/notes")
    assert reply.status_code == 503
    assert reply.json is not None
    assert reply.json["type"].endswith("/database-away")
    assert "nobody" not in reply.get_data(as_text=True)
