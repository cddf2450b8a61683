"""The bank's HTTP: orders, queries, statement, book and clock, as JSON under one token. What it keeps is Book's."""

from __future__ import annotations

import hmac
import json
import select
import socket
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from deploy.sandbox_bank.book import Book, ClockGoesBack, Order, OtherContents, Transfer

_LARGEST_BODY: Final = 65_536
_LARGEST_AMOUNT: Final = 10**12
_SILENT_SECONDS: Final = 60.0
"""How long a silent bank holds a connection: longer than any caller's patience, and not for ever."""
_ALL: Final = 1_000_000


class BankServer(ThreadingHTTPServer):
    """Serves a book to those who know the token; one thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], book: Book, token: str) -> None:
        self.book = book
        self.authorization = f"Bearer {token}"
        super().__init__(address, _Handler)


class _BadRequest(Exception):
    """The request cannot be acted on; the code says why."""


class _Handler(BaseHTTPRequestHandler):
    server: BankServer
    protocol_version = "HTTP/1.1"
    server_version = "fangzha-sandbox-bank"
    sys_version = ""
    timeout = 120
    # A reply is two small writes; without this the second waits 40 ms for the peer's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Nothing: paths hold references, and the book tells more."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, act: Any) -> None:
        body = self._body()
        if body is None:
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"reason": "body_too_large"})
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        if parts.path == "/livez":
            self._reply(HTTPStatus.OK, {"status": "ok"})
            return
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.authorization.encode()):
            self._reply(HTTPStatus.UNAUTHORIZED, {"reason": "wrong_token"})
            return
        try:
            act(parts.path, parse_qs(parts.query), body)
        except _BadRequest as error:
            self._reply(HTTPStatus.BAD_REQUEST, {"reason": str(error)})
        except OtherContents:
            self._reply(HTTPStatus.CONFLICT, {"reason": "reference_used"})
        except ClockGoesBack:
            self._reply(HTTPStatus.CONFLICT, {"reason": "clock_goes_back"})

    def _get(self, path: str, query: dict[str, list[str]], _body: bytes) -> None:
        book = self.server.book
        if path.startswith("/transfers/"):
            found = book.find(path.removeprefix("/transfers/"))
            if found is None:
                self._reply(HTTPStatus.NOT_FOUND, {"reason": "unknown_reference"})
            else:
                self._reply(HTTPStatus.OK, _shown(found))
        elif path == "/book":
            limit = _number(query, "limit", _ALL)
            page = book.transfers(after=query.get("after", [""])[0], limit=limit)
            more = page[-1].reference if len(page) == limit else None
            self._reply(HTTPStatus.OK, {"transfers": [_shown(each) for each in page], "next_after": more})
        elif path == "/statement":
            entries = book.statement(after=_number(query, "after", 0), limit=_number(query, "limit", 1000))
            self._reply(HTTPStatus.OK, {"entries": entries})
        elif path == "/clock":
            self._reply(HTTPStatus.OK, {"now": book.now().isoformat()})
        else:
            self._reply(HTTPStatus.NOT_FOUND, {"reason": "unknown_path"})

    def _post(self, path: str, _query: dict[str, list[str]], body: bytes) -> None:
        if path == "/transfers":
            transfer, outcome = self.server.book.order(_order(body))
            if not outcome.answers:
                self._be_silent()
            elif transfer is not None:
                self._reply(HTTPStatus.OK, _shown(transfer))
        elif path == "/clock":
            moved = self.server.book.move_clock(_moment(_fields(body).get("advance_to")))
            self._reply(HTTPStatus.OK, {"now": moved.isoformat()})
        else:
            self._reply(HTTPStatus.NOT_FOUND, {"reason": "unknown_path"})

    def _be_silent(self) -> None:
        """Say nothing until the caller gives up, then hang up."""
        self.close_connection = True
        select.select([self.connection], [], [], _SILENT_SECONDS)
        self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self) -> bytes | None:
        text = self.headers.get("Content-Length", "0")
        length = int(text) if text.isdecimal() else _LARGEST_BODY + 1
        return self.rfile.read(length) if length <= _LARGEST_BODY else None

    def _reply(self, status: HTTPStatus, fields: dict[str, Any]) -> None:
        data = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _shown(transfer: Transfer) -> dict[str, Any]:
    """A transfer without whose it is: the caller knows, and a book that is read is a book that leaks."""
    return {
        "reference": transfer.reference,
        "status": transfer.status,
        "reason": transfer.reason,
        "amount_fen": transfer.amount_fen,
        "currency": transfer.currency,
    }


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except ValueError:
        raise _BadRequest("not_json") from None
    if not isinstance(fields, dict):
        raise _BadRequest("not_an_object")
    return fields


def _order(body: bytes) -> Order:
    fields = _fields(body)
    texts = [fields.get(name) for name in ("reference", "account", "holder_name", "currency")]
    if not all(isinstance(text, str) and 0 < len(text) <= 200 for text in texts):  # noqa: PLR2004
        raise _BadRequest("field_missing")
    amount = fields.get("amount_fen")
    if type(amount) is not int or not 0 < amount <= _LARGEST_AMOUNT:
        raise _BadRequest("bad_amount")
    return Order(fields["reference"], fields["account"], fields["holder_name"], amount, fields["currency"])


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _BadRequest("bad_time") from None
    if moment.tzinfo is None:
        raise _BadRequest("time_without_zone")
    return moment


def _number(query: dict[str, list[str]], name: str, default: int) -> int:
    text = query.get(name, [str(default)])[0]
    if not text.isdecimal() or not 0 <= int(text) <= 2**62:
        raise _BadRequest(f"bad_{name}")
    return int(text)
