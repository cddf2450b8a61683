"""One reply, from what an application gives (PEP 3333) to bytes of HTTP/1.1, sent as far as the client takes them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from types import TracebackType
from typing import TypeAlias
from wsgiref.handlers import format_date_time

from shared.server.refusals import Refusal
from shared.server.requests import Request
from shared.web.problems import CONTENT_TYPE

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class ClientGone(Exception):
    """The connection is broken, or closed by its client."""


class _Ending(Enum):
    """How the client knows where the body ends."""

    LENGTH = "by Content-Length"
    CHUNKED = "by the last chunk"
    CLOSED = "with the connection"
    NO_BODY = "there is none"


class Reply:
    """What is answered to ``request``."""

    def __init__(self, request: Request | None) -> None:
        self._head_only = request is not None and request.method == "HEAD"
        self._old = request is not None and request.version == "1.0"
        self.closes = True
        """Whether it is the last one of its connection."""
        self.begun = False
        """Whether anything of it may have been sent."""
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._pieces: Iterator[bytes] = iter(())
        self._close: Callable[[], object] | None = None
        self._ending = _Ending.NO_BODY
        self._to_come = 0
        """Bytes that Content-Length promises and that were not given yet."""
        self._ended = False
        self._left: memoryview | bytes = b""

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is not None and exc_info[1] is not None and self.begun:
            raise exc_info[1]
        self._status, self._headers = status, headers
        return _write

    def give(self, pieces: Iterable[bytes]) -> None:
        """The body. Its first piece is asked for by the first ``send``."""
        self._pieces = iter(pieces)
        self._close = getattr(pieces, "close", None)

    def send(self, to: socket.socket) -> bool:
        """Go on until all is sent (True) or the client takes no more just now (False).

        Raises:
            ClientGone: there is nobody to send it to.
            Exception: what the application raised while it made a piece.
        """
        while True:
            while self._left:
                try:
                    sent = to.send(self._left)
                except BlockingIOError:
                    return False
                except OSError as error:
                    raise ClientGone from error
                self._left = b"" if sent == len(self._left) else memoryview(self._left)[sent:]
            if self._ended:
                return True
            self._left = self._next() if self.begun else self._first()
            self.begun = True

    def close(self) -> None:
        """Tell the application that it is over, however it went."""
        close, self._close = self._close, None
        if close is not None:
            close()

    def _first(self) -> bytes:
        piece = next(self._pieces, b"")
        head = self._head()
        self._ended = self._ending is _Ending.NO_BODY or (
            # Most replies are one piece: nothing more is asked for.
            self._ending is _Ending.LENGTH and self._to_come == len(piece)
        )
        return head if self._ending is _Ending.NO_BODY else head + self._framed(piece)

    def _next(self) -> bytes:
        piece = next(self._pieces, None)
        if piece is not None:
            return self._framed(piece)
        self._ended = True
        if self._to_come:
            # It promised more: only the end of the connection says that the rest will not come.
            self.closes = True
        return b"0\r\n\r\n" if self._ending is _Ending.CHUNKED else b""

    def _framed(self, piece: bytes) -> bytes:
        if not piece or self._ending is _Ending.CLOSED:
            return piece
        if self._ending is _Ending.CHUNKED:
            return b"%x\r\n%b\r\n" % (len(piece), piece)
        piece = piece[: self._to_come]
        self._to_come -= len(piece)
        return piece

    def _head(self) -> bytes:
        bodiless = self._status.startswith(("204", "304"))
        length = None
        lines = [f"HTTP/1.1 {self._status}"]
        for name, value in self._headers:
            lower = name.lower()
            if lower == "content-length":
                if bodiless:
                    continue
                length = int(value)
            elif lower in {"connection", "transfer-encoding"}:
                continue
            lines.append(f"{name}: {value}")
        self._ending = self._how_it_ends(length, bodiless=bodiless)
        lines.append(f"Date: {_date(int(time.time()))}")
        if self._ending is _Ending.CHUNKED:
            lines.append("Transfer-Encoding: chunked")
        self.closes = self.closes or self._ending is _Ending.CLOSED
        if self.closes:
            lines.append("Connection: close")
        elif self._old:
            lines.append("Connection: keep-alive")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if head.count(b"\n") != len(lines) + 1:
            raise ValueError("a header of the reply holds the end of a line")
        return head

    def _how_it_ends(self, length: int | None, *, bodiless: bool) -> _Ending:
        if bodiless or self._head_only:
            return _Ending.NO_BODY
        if length is not None:
            self._to_come = length
            return _Ending.LENGTH
        return _Ending.CLOSED if self._old else _Ending.CHUNKED


def refused(refusal: Refusal, path: str, trace_id: str) -> Reply:
    """The server's own answer, and the connection's last one."""
    body = refusal.body(path, trace_id)
    headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body))), ("Trace-Id", trace_id)]
    if refusal.retry_after is not None:
        headers.append(("Retry-After", str(refusal.retry_after)))
    reply = Reply(None)
    reply.start_response(f"{refusal.row.status} {refusal.row.title}", headers)
    reply.give([body])
    return reply


def _write(_piece: bytes) -> None:
    raise NotImplementedError("WSGI's write(): applications give their body by what they return")


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return format_date_time(second)
