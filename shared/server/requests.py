"""The bytes of one connection as requests, read by llhttp (Node.js's parser, by httptools). Nothing waits here.

What llhttp lets pass and we do not is refused here: other versions and codings, what an application could not tell
apart (a second Host), and what is too long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

import httptools

from shared.server import refusals
from shared.server.refusals import Refusal

MAX_TARGET: Final = 8190
"""Bytes of an address: gunicorn's and Apache's default."""
MAX_HEAD: Final = 32_768
"""Bytes of all headers: a token of 8 KiB, with what proxies and tracing add, passes several times over."""
MAX_FIELDS: Final = 100
MAX_QUEUED: Final = 64
"""Requests that a client has sent without waiting for the replies to those before them."""

Environ: TypeAlias = dict[str, Any]

_SINGLE: Final = frozenset({"HTTP_HOST", "CONTENT_TYPE", "HTTP_AUTHORIZATION", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"})
_PLAIN: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_MOST_KEYS: Final = 512
_keys: dict[bytes, str] = {}


@dataclass(slots=True)
class Request:
    """One request; its body may still be on its way."""

    target: bytes = b""
    method: str = ""
    version: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    """Its headers, by the names that WSGI gives them."""
    keeps_alive: bool = False
    length: int | None = 0
    """Of the body; None where it is sent in chunks."""
    expects_continue: bool = False
    pieces: list[bytes] = field(default_factory=list)
    held: int = 0
    """Bytes in ``pieces``."""
    whole: bool = False

    def take(self) -> bytes:
        """What has come of the body since the last call."""
        piece = b"".join(self.pieces)
        self.pieces.clear()
        self.held = 0
        return piece

    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    def environ(self, common: Environ) -> Environ:
        """What WSGI (PEP 3333) calls a request, but for its input."""
        target = self.target if self.target.startswith(b"/") else _origin_form(self.target)
        path, _, query = target.partition(b"?")
        return {
            **common,
            **self.fields,
            "REQUEST_METHOD": self.method,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
        }


class RequestReader:
    """Requests as they are found in what ``feed`` is given, in order; the last one may be unfinished."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._requests: deque[Request] = deque()
        self._head: Request | None = None
        self._head_bytes = 0
        self._count = 0
        self._unfinished: Request | None = None
        self.refusal: Refusal | None = None
        """Of what comes after the requests that are there; nothing more is read then."""

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._head = None
        except httptools.HttpParserInvalidMethodError:
            self._refuse(refusals.UNKNOWN_METHOD)
        except httptools.HttpParserError:
            self._refuse(refusals.MALFORMED)
        head = self._head
        if head is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD + MAX_TARGET:
                self._refuse(refusals.HEAD_TOO_LARGE if head.fields else refusals.TARGET_TOO_LONG)

    @property
    def in_head(self) -> bool:
        """Whether a request has begun whose headers are not all there."""
        return self._head is not None

    def first(self) -> Request | None:
        """The oldest request that was not done yet, if its headers are there."""
        return self._requests[0] if self._requests else None

    def done(self) -> None:
        """``first`` is answered."""
        self._requests.popleft()

    def _refuse(self, refusal: Refusal) -> None:
        last = self._requests[-1] if self._requests else None
        # Behind a request that ends its connection nothing is read, so nothing is wrong there either.
        if self.refusal is None and (last is None or last.keeps_alive or not last.whole):
            self.refusal = refusal
        self._head = self._unfinished = None

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        self._head = Request()
        self._head_bytes = self._count = 0

    def on_url(self, part: bytes) -> None:
        if self._head is not None:
            self._head.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        head = self._head
        if head is None:  # A trailer, behind a body in chunks; or something is wrong already.
            return
        self._count += 1
        key = _keys.get(name)
        if key is None:
            key = _key(name)
        if key not in head.fields:
            head.fields[key] = value.decode("latin-1")
        elif key in _SINGLE:
            self._refuse(refusals.AMBIGUOUS)
        else:
            head.fields[key] += "," + value.decode("latin-1")

    def on_headers_complete(self) -> None:
        request, self._head = self._head, None
        if request is None:
            return
        parser = self._parser
        request.method = parser.get_method().decode()
        request.version = parser.get_http_version()
        request.keeps_alive = parser.should_keep_alive() and not parser.should_upgrade()
        # X-Forwarded-For and X_Forwarded_For would be one to an application: what a proxy has checked is kept.
        request.fields.pop("", None)
        refusal = _too_much(request, self._count, len(self._requests)) or _unfit(request) or _body_unfit(request)
        # llhttp hands on no body behind an Upgrade.
        if refusal is None and request.length != 0 and parser.should_upgrade():
            refusal = refusals.NO_UPGRADE
        if refusal is not None:
            self._refuse(refusal)
            return
        self._unfinished = request
        self._requests.append(request)

    def on_body(self, piece: bytes) -> None:
        if self._unfinished is not None:
            self._unfinished.pieces.append(piece)
            self._unfinished.held += len(piece)

    def on_message_complete(self) -> None:
        if self._unfinished is not None:
            self._unfinished.whole = True
            self._unfinished = None


def _too_much(request: Request, count: int, before: int) -> Refusal | None:
    if len(request.target) > MAX_TARGET:
        return refusals.TARGET_TOO_LONG
    if count > MAX_FIELDS or sum(map(len, request.fields.values())) > MAX_HEAD:
        return refusals.HEAD_TOO_LARGE
    return refusals.NO_ROOM if before >= MAX_QUEUED else None


def _unfit(request: Request) -> Refusal | None:
    if request.version not in {"1.1", "1.0"}:
        return refusals.UNKNOWN_VERSION
    if request.method == "CONNECT":
        return refusals.UNKNOWN_METHOD
    return refusals.NO_HOST if request.version == "1.1" and "HTTP_HOST" not in request.fields else None


def _body_unfit(request: Request) -> Refusal | None:
    """Why its body cannot be read; else its length and whether the client waits before it sends it are known."""
    fields = request.fields
    if "CONTENT_LENGTH" in fields:
        request.length = int(fields["CONTENT_LENGTH"])
    coding = fields.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        if coding.strip().lower() != "chunked" or request.version == "1.0":
            return refusals.UNKNOWN_CODING
        request.length = None
    expectation = fields.get("HTTP_EXPECT")
    if expectation is not None and request.version == "1.1":
        if expectation.strip().lower() != "100-continue":
            return refusals.UNKNOWN_EXPECTATION
        request.expects_continue = True
    return None


def _key(name: bytes) -> str:
    """What WSGI calls a header; empty for one with an underscore."""
    plain = name.decode("latin-1").upper().replace("-", "_")
    key = "" if b"_" in name else plain if plain in _PLAIN else f"HTTP_{plain}"
    if len(_keys) < _MOST_KEYS:
        _keys[name] = key
    return key


def _origin_form(target: bytes) -> bytes:
    """``/path?query`` of what a proxy would be asked for: ``http://host/path?query``."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return b"/"
    return (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
