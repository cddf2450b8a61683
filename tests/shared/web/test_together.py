"""Requests of one route that are answered in one transaction: each as if it were alone. On a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deploy.demo.waiting import until
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process import traces
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.web.app import create_app
from shared.web.auth.tokens import Principal
from shared.web.errors import RequestInProgress
from shared.web.group_commit import GroupCommit
from shared.web.idempotency import Before, Done, IdempotentRequest, StoredReply, begin, finish
from shared.web.idempotency import again as reply_again
from shared.web.resource import Asked, Callers, CallTogether, Reply, Resource
from tests import clock
from tests.shared.web.builders import SEAL, Caller, NotePath, NoteRequest, NoteView, TestIssuer, a_note, all_notes

KEY = "5f0c6b1e-0f7f-4a39-8f9a-5d4c3b2a1f00"


@dataclass
class Office:
    """What the view works with; a test may stop a group once its notes are written."""

    groups: list[list[str]] = field(default_factory=list)
    traces: dict[str, str] = field(default_factory=dict)
    middle: Callable[[Tx, list[str]], None] = field(default=lambda _tx, _titles: None)


def notes() -> Resource:
    resource = Resource("notes", "Notes that are written together")

    @resource.post("/v1/notes", scope="notes:write", callers=Callers.BOTH, reply=NoteView, about="note_id")
    def write_notes(
        call: CallTogether[Office], asked: Sequence[Asked[NoteRequest]]
    ) -> list[Reply[NoteView] | FangzhaError]:
        """Write a note."""
        titles = [each.body.title for each in asked]
        call.deps.groups.append(titles)
        call.deps.traces.update({each.body.title: traces.trace_id_of(each.trace) for each in asked})
        replies = [_write(call, each) for each in asked]
        call.deps.middle(call.tx, titles)
        return replies

    return resource


def _write(call: CallTogether[Office], one: Asked[NoteRequest]) -> Reply[NoteView] | FangzhaError:
    if one.body.title == "forbidden":
        return InvalidField("/title", "This title is not allowed.", "Choose another one.")
    body = one.body
    note = NoteView(note_id=new_id(), title=body.title, amount_fen=body.amount_fen, version=1, written_at=call.now)
    call.tx.execute(
        "INSERT INTO notes (id, tenant, title, amount_fen, written_at) VALUES (%s, %s, %s, %s, %s)",
        (note.note_id, one.caller.tenant, note.title, note.amount_fen, note.written_at),
    )
    return Reply(note, headers={"Location": f"/v1/notes/{note.note_id}"}, version=1)


@dataclass
class Crowd:
    """Requests at the same time, all of them in one group: a first one holds its group until the others wait."""

    app: Flask
    issuer: TestIssuer
    office: Office
    groups: GroupCommit[Any, Any]

    def post(self, bodies: Sequence[object], *, keys: Sequence[str] = ()) -> list[TestResponse]:
        gate, reached = threading.Event(), threading.Event()
        usual = self.office.middle

        def hold(tx: Tx, titles: list[str]) -> None:
            if titles != ["the first"]:
                return usual(tx, titles)
            reached.set()
            assert gate.wait(60)
            return None

        self.office.middle = hold
        with ThreadPoolExecutor(len(bodies) + 1) as pool:
            first = pool.submit(self.one, a_note(title="the first"))
            assert reached.wait(60)
            sent = [
                pool.submit(self.one, body, key)
                for body, key in zip(bodies, keys or [new_id() for _ in bodies], strict=True)
            ]
            waiting = self.groups._waiting  # nothing outside tells who waits
            until("the others do not wait", lambda: len(waiting) == len(bodies) or None, seconds=60)
            gate.set()
            assert first.result(60).status_code == 201
            replies = [future.result(60) for future in sent]
        self.office.middle = usual
        return replies

    def one(self, body: object, key: str = "") -> TestResponse:
        return Caller(self.app.test_client(), self.issuer.token()).post("/v1/notes", body, key=key or new_id())


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def crowd(database: Database, own_issuer: TestIssuer, office: Office, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    made: list[GroupCommit[Any, Any]] = []

    def groups(work: Callable[[Sequence[Any]], Sequence[Any]]) -> GroupCommit[Any, Any]:
        made.append(GroupCommit(work))
        return made[-1]

    monkeypatch.setattr("shared.web.endpoint.GroupCommit", groups)
    # Who waits for the test shall not begin a group of its own meanwhile.
    monkeypatch.setattr("shared.web.group_commit.PATIENCE_SECONDS", 60.0)
    app = create_app(
        "Notes",
        version="1.0.0",
        description="Notes of the tests.",
        resources=[notes()],
        problems={},
        deps=office,
        database=database,
        clock=clock.CLOCK,
        verifier=own_issuer.verifier(),
        seal=SEAL,
        sandbox=False,
    )
    return Crowd(app, own_issuer, office, made[0])


def statuses(replies: Sequence[TestResponse]) -> list[int]:
    return [reply.status_code for reply in replies]


def titles(database: Database) -> list[str]:
    return sorted(title for title, _tenant in all_notes(database))


def test_each_of_those_that_are_answered_together_has_its_own_trace(crowd: Crowd) -> None:
    replies = crowd.post([a_note(title=title) for title in ("one", "two", "three")])
    assert crowd.office.groups[-1:] != [["the first"]]
    assert len(crowd.office.groups) == 2
    told = {title: reply.headers["Trace-Id"] for title, reply in zip(("one", "two", "three"), replies, strict=True)}
    assert {title: crowd.office.traces[title] for title in told} == told
    assert len(set(told.values())) == 3


def test_those_who_come_at_the_same_time_share_a_transaction(crowd: Crowd, database: Database) -> None:
    replies = crowd.post([a_note(title=title) for title in "abcd"])
    assert statuses(replies) == [201] * 4
    assert [reply.json["title"] for reply in replies if reply.json] == list("abcd")
    for reply in replies:
        assert reply.json is not None
        assert reply.headers["Location"] == f"/v1/notes/{reply.json['note_id']}"
        assert reply.headers["ETag"] == '"1"'
    assert [sorted(group) for group in crowd.office.groups] == [["the first"], list("abcd")]
    with database.transaction() as tx:
        assert tx.one("SELECT count(DISTINCT xmin::text) FROM notes") == (2,)
        assert tx.one("SELECT count(DISTINCT xmin::text), count(*) FROM idempotency_keys") == (2, 5)


def test_one_that_is_refused_leaves_the_others_alone(crowd: Crowd, database: Database) -> None:
    replies = crowd.post([a_note(title="a"), a_note(title="forbidden"), a_note(title="b")])
    assert statuses(replies) == [201, 422, 201]
    assert replies[1].json is not None
    assert replies[1].json["errors"][0]["pointer"] == "/title"
    assert titles(database) == ["a", "b", "the first"]
    assert len(crowd.office.groups) == 2, "nobody had to be done again"


def test_what_breaks_a_group_breaks_only_the_request_that_it_is_in(crowd: Crowd, database: Database) -> None:
    def break_for_b(tx: Tx, titles: list[str]) -> None:
        if "b" in titles:
            tx.execute("SELECT 1/0")

    crowd.office.middle = break_for_b
    replies = crowd.post([a_note(title=title) for title in "abc"])
    assert statuses(replies) == [201, 500, 201]
    assert titles(database) == ["a", "c", "the first"]
    assert sorted(map(len, crowd.office.groups)) == [1, 1, 1, 1, 3]


def test_of_two_with_one_key_at_the_same_time_one_has_its_effect(crowd: Crowd, database: Database) -> None:
    replies = crowd.post([a_note(title="a")] * 2, keys=[KEY, KEY])
    assert sorted(statuses(replies)) == [201, 409]
    assert titles(database) == ["a", "the first"]
    again = crowd.one(a_note(title="a"), KEY)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.data in [reply.data for reply in replies]


def test_repeats_among_new_ones_get_the_first_reply(crowd: Crowd, database: Database) -> None:
    first = crowd.one(a_note(title="a"), KEY)
    replies = crowd.post(
        [a_note(title="a"), a_note(title="b"), a_note(title="a"), a_note(title="another")],
        keys=[KEY, "other-key", KEY, KEY],
    )
    assert statuses(replies) == [201, 201, 201, 422]
    assert [reply.data == first.data for reply in replies] == [True, False, True, False]
    assert [reply.headers.get("Idempotency-Replayed") for reply in replies] == ["true", None, "true", None]
    assert titles(database) == ["a", "b", "the first"]


def test_one_alone_waits_for_nobody(crowd: Crowd, database: Database) -> None:
    assert crowd.one(a_note(title="a")).status_code == 201
    assert crowd.one(a_note(title="forbidden")).status_code == 422
    assert titles(database) == ["a"]
    assert crowd.office.groups == [["a"], ["forbidden"]]


def test_a_key_is_taken_once_in_a_transaction(database: Database) -> None:
    li = Principal("li", "desk-app", "north", frozenset())
    once, again, other = (IdempotentRequest(key, li, "POST /v1/notes") for key in (KEY, KEY, "other-key"))
    with database.transaction() as tx:
        first, second, third = begin(tx, [once, again, other])
        assert (first, third) == (None, None)
        assert isinstance(second, RequestInProgress)
        finish(tx, [Done(once, b"f", StoredReply(201, {"ETag": "1"}, b"{}"))], SEAL)
    with database.transaction() as tx:
        first, second, third = begin(tx, [again, other, once])
    assert isinstance(first, Before)
    assert (first, second) == (third, None)
    assert reply_again(first, once, b"f", SEAL) == StoredReply(201, {"ETag": "1"}, b"{}")


def test_a_view_that_answers_several_says_what_of() -> None:
    resource = Resource("notes", "Notes")
    declare = resource.post("/v1/notes", scope="notes:write", callers=Callers.BOTH, reply=NoteView)
    with pytest.raises(TypeError, match="Sequence"):

        @declare
        def of_what(call: CallTogether[Office], asked: Sequence[NoteRequest]) -> list[Reply[NoteView]]:
            """Nobody knows."""
            raise NotImplementedError

    with pytest.raises(TypeError, match="path variables"):

        @resource.post("/v1/notes/<note_id>", scope="notes:write", callers=Callers.BOTH, reply=NoteView)
        def of_one(call: CallTogether[Office], asked: Sequence[Asked[NotePath]]) -> list[Reply[NoteView]]:
            """Of one note."""
            raise NotImplementedError

    with pytest.raises(TypeError, match="a key each"):

        @resource.get("/v1/notes", scope="notes:read", callers=Callers.BOTH, reply=NoteView)
        def without_a_key(call: CallTogether[Office], asked: Sequence[Asked[NoteRequest]]) -> list[Reply[NoteView]]:
            """Without a key."""
            raise NotImplementedError
