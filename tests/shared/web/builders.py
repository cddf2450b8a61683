"""A small service about notes, to try the HTTP edge with; tokens and their issuer; requests with the right headers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pydantic import Field
from werkzeug.test import TestResponse

from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.web.app import create_app, health_of
from shared.web.auth.issuer_keys import IssuerKeys
from shared.web.auth.tokens import TokenVerifier
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import AmountFen, Identifier, Moment, ShortText
from shared.web.paging import Page, PageQuery
from shared.web.problems import ProblemRow
from shared.web.reply_seal import ReplySeal
from shared.web.resource import Call, Callers, RawReply, Reply, ReplyModel, RequestModel, Resource, StreamedReply
from tests.clock import CLOCK

ISSUER = "https://issuer.test"
AUDIENCE = "fangzha-notes"
SEAL = ReplySeal({1: bytes(32)})
SCOPES = "notes:read notes:write sandbox:clock"

TABLES = """
    CREATE TABLE notes (
        id uuid PRIMARY KEY, tenant text NOT NULL, title text NOT NULL, amount_fen bigint NOT NULL,
        version int NOT NULL DEFAULT 1, written_at timestamptz NOT NULL
    )
"""


@dataclass(frozen=True)
class UnknownNote(FangzhaError):
    """There is no note {note_id} of yours."""

    note_id: str


PROBLEMS: dict[type[FangzhaError], ProblemRow] = {UnknownNote: ProblemRow(404, "unknown-note", "Unknown note")}


class Author(RequestModel):
    phone: Annotated[str, Field(min_length=11, max_length=11), NOT_IN_CLEAR]
    age: Annotated[int, Field(ge=0, le=150)]


class NoteRequest(RequestModel):
    """A note as it is sent."""

    title: ShortText
    amount_fen: AmountFen
    author: Author | None = None
    tags: Annotated[list[ShortText], Field(max_length=5)] = Field(default_factory=list)
    seen_at: Moment | None = None


class NoteView(ReplyModel):
    """A note as it is shown."""

    note_id: str
    title: str
    amount_fen: AmountFen
    version: int
    written_at: Moment


class NotePath(RequestModel):
    note_id: Identifier


class NotesQuery(PageQuery):
    title: ShortText | None = None
    tag: Annotated[list[ShortText], Field(max_length=3)] = Field(default_factory=list)


class UploadView(ReplyModel):
    bytes_read: int
    sha256: str


@dataclass
class Desk:
    """What the views work with; a test may stop a request in its middle."""

    middle: Callable[[Tx], None] = field(default=lambda _tx: None)


def notes_resource() -> Resource:
    notes = Resource("notes", "Notes of the tests")

    @notes.post("/v1/notes", scope="notes:write", callers=Callers.BOTH, reply=NoteView, about="note_id")
    def write_note(call: Call[Desk], body: NoteRequest) -> Reply[NoteView]:
        """Write a note."""
        if body.title == "forbidden":
            raise InvalidField("/title", "This title is not allowed.", "Choose another one.")
        note = NoteView(note_id=new_id(), title=body.title, amount_fen=body.amount_fen, version=1, written_at=call.now)
        call.tx.execute(
            "INSERT INTO notes (id, tenant, title, amount_fen, written_at) VALUES (%s, %s, %s, %s, %s)",
            (note.note_id, call.caller.tenant, note.title, note.amount_fen, note.written_at),
        )
        call.deps.middle(call.tx)
        return Reply(note, headers={"Location": f"/v1/notes/{note.note_id}"}, version=1)

    @notes.get("/v1/notes/<note_id>", scope="notes:read", callers=Callers.BOTH, reply=NoteView, problems=(UnknownNote,))
    def show_note(call: Call[Desk], path: NotePath) -> Reply[NoteView]:
        """One note."""
        note = _find(call, path.note_id)
        return Reply(note, version=note.version)

    @notes.get("/v1/notes", scope="notes:read", callers=Callers.BOTH, reply=Page[NoteView])
    def list_notes(call: Call[Desk], query: NotesQuery) -> Reply[Page[NoteView]]:
        """Notes, the newest first."""
        after = query.after(datetime, UUID, first=(datetime(9999, 1, 1, tzinfo=UTC), str(UUID(int=0))))
        rows = call.tx.all(
            "SELECT id, title, amount_fen, version, written_at FROM notes WHERE tenant = %s"
            " AND (%s::text IS NULL OR title = %s) AND (written_at, id) < (%s, %s)"
            " ORDER BY written_at DESC, id DESC LIMIT %s",
            (call.caller.tenant, query.title, query.title, *after, query.limit + 1),
        )
        found = [_view(row) for row in rows]
        return Reply(Page[NoteView].cut(found, query, NoteView.of, lambda last: (last.written_at, last.note_id)))

    @notes.put(
        "/v1/notes/<note_id>",
        scope="notes:write",
        callers=Callers.BOTH,
        reply=NoteView,
        problems=(UnknownNote,),
        matches=True,
    )
    def change_note(call: Call[Desk], path: NotePath, body: NoteRequest) -> Reply[NoteView]:
        """Change a note that nobody changed meanwhile."""
        note = _find(call, path.note_id)
        call.require_match(note.version)
        call.tx.execute(
            "UPDATE notes SET title = %s, version = version + 1 WHERE id = %s AND version = %s",
            (body.title, path.note_id, note.version),
        )
        changed = _find(call, path.note_id)
        return Reply(changed, version=changed.version)

    @notes.post(
        "/v1/uploads",
        scope="notes:write",
        callers=Callers.BOTH,
        reply=UploadView,
        status=202,
        streams=("text/csv",),
        max_body=10**8,
    )
    def upload(call: Call[Desk]) -> Reply[UploadView]:
        """Send a file."""
        stream = call.request_stream
        for _piece in stream.chunks():
            call.deps.middle(call.tx)
        return Reply(UploadView(bytes_read=stream.bytes_read, sha256=stream.sha256()))

    @notes.get("/v1/export", scope="notes:read", callers=Callers.BOTH, reply="text/csv")
    def export(call: Call[Desk]) -> RawReply:
        """All notes as a file."""
        return RawReply(b"title\n", "text/csv")

    @notes.post("/v1/bug", scope="notes:write", callers=Callers.BOTH, creates=False)
    def bug(call: Call[Desk]) -> Reply[NoteView]:
        """Fails as a program with a mistake does."""
        raise RuntimeError("secret of the house")

    notes.get("/v1/long-export", scope="notes:read", callers=Callers.BOTH, reply="text/csv")(_long_export)
    return notes


def _long_export(call: Call[Desk]) -> StreamedReply:
    """All notes as a file that is read while it is sent."""
    tenant = call.caller.tenant

    def pieces(database: Database) -> Iterator[bytes]:
        yield b"title\n"
        with database.transaction() as tx:
            titles = [row[0] for row in tx.all("SELECT title FROM notes WHERE tenant = %s ORDER BY id", (tenant,))]
        for title in titles:
            yield f"{title}\n".encode()

    return StreamedReply(pieces, "text/csv", {"Content-Disposition": "attachment"})


def _find(call: Call[Desk], note_id: str) -> NoteView:
    row = call.tx.one(
        "SELECT id, title, amount_fen, version, written_at FROM notes WHERE id = %s AND tenant = %s",
        (note_id, call.caller.tenant),
    )
    if row is None:
        raise UnknownNote(note_id)
    return _view(row)


def _view(row: tuple[Any, ...]) -> NoteView:
    note_id, title, amount_fen, version, written_at = row
    return NoteView(note_id=str(note_id), title=title, amount_fen=amount_fen, version=version, written_at=written_at)


@dataclass
class TestIssuer:
    """An issuer whose keys and answers a test chooses."""

    __test__ = False

    keys: dict[str, ECKey | RSAKey] = field(default_factory=dict)
    beside: list[object] = field(default_factory=list)
    """Entries of the published set that are no key of ours: damaged, or of another kind."""
    fetches: int = 0
    away: bool = False
    ticks: float = 0.0
    now: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        if not self.keys:
            self.add("first")

    def add(self, kid: str) -> ECKey:
        key = ECKey.generate_key("P-256", {"kid": kid})
        self.keys[kid] = key
        return key

    def read(self, _url: str) -> bytes:
        self.fetches += 1
        if self.away:
            raise OSError("nobody answers")
        own = [key.as_dict(private=False) for key in self.keys.values()]
        return json.dumps({"keys": [*self.beside, *own]}).encode()

    def source(self) -> IssuerKeys:
        return IssuerKeys("https://issuer.test/jwks", read=self.read, ticks=lambda: self.ticks)

    def verifier(self) -> TokenVerifier:
        return TokenVerifier(ISSUER, AUDIENCE, self.source(), now=lambda: self.now)

    def claims(self, **overrides: object) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "li",
            "client_id": "desk-app",
            "tenant": "north",
            "scope": SCOPES,
            "iat": int(self.now),
            "exp": int(self.now) + 600,
        }
        claims.update(overrides)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, kid: str = "first", header: dict[str, Any] | None = None, **overrides: object) -> str:
        """A token as a good issuer makes it, but for what a test overrides; None leaves a claim out."""
        key = self.keys[kid]
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        full = {"alg": algorithm, "kid": kid, "typ": "at+jwt", **(header or {})}
        return jwt.encode(
            {name: value for name, value in full.items() if value is not None},
            self.claims(**overrides),
            key,
            algorithms=[algorithm],
        )


def notes_app(
    database: Database,
    verifier: TokenVerifier,
    *,
    desk: Desk | None = None,
    clock: Clock | None = None,
    seal: ReplySeal = SEAL,
) -> Flask:
    return create_app(
        "Notes",
        version="1.0.0",
        description="Notes of the tests.",
        resources=[notes_resource()],
        problems=PROBLEMS,
        deps=desk or Desk(),
        database=database,
        clock=clock or CLOCK,
        verifier=verifier,
        seal=seal,
        sandbox=True,
    )


@dataclass
class Caller:
    """A client with a token, and a new key for each request unless it says otherwise."""

    client: FlaskClient
    token: str

    def headers(self, **more: str | None) -> dict[str, str]:
        every = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in more.items()}}
        return {name: value for name, value in every.items() if value is not None}

    def post(self, path: str, body: object, *, key: str | None = "", **more: str | None) -> TestResponse:
        chosen = new_id() if key == "" else key
        return self.client.post(path, json=body, headers=self.headers(Idempotency_Key=chosen, **more))

    def get(self, path: str, **more: str | None) -> TestResponse:
        return self.client.get(path, headers=self.headers(**more))

    def put(self, path: str, body: object, **more: str | None) -> TestResponse:
        return self.client.put(path, json=body, headers=self.headers(**more))

    def unwell(self, *, live: bool = False) -> dict[str, str]:
        """What a probe would be told."""
        return health_of(self.client.application).faults(live=live)

    def send(self, path: str, data: bytes, content_type: str, *, key: str | None = "") -> TestResponse:
        chosen = new_id() if key == "" else key
        headers = self.headers(Idempotency_Key=chosen)
        return self.client.post(path, data=data, content_type=content_type, headers=headers)


def a_note(**overrides: object) -> dict[str, object]:
    return {"title": "A note", "amount_fen": 5, **overrides}


class Gate:
    """Holds a request in its middle until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, _tx: Tx) -> None:
        self.reached.set()
        if not self.open.wait(100):
            raise TimeoutError("the test never opened the gate")


def all_notes(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction() as tx:
        return tx.all("SELECT title, tenant FROM notes ORDER BY written_at")


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
