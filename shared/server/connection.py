"""One client's connection: read, served and written by whichever thread its socket is ready for; nobody waits on it.

Where a request is not there as a whole, or the client takes no more of its reply, the connection is watched again and
its thread goes on to another one. So no client holds a thread, however slow; what it holds is a place among the
connections, until a deadline. Only a body longer than MAX_HELD is read while its request is worked on: its route
decides before the first byte whether it wants it, and shared.web.receiving how many of them at once.
"""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from typing_extensions import override

from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.server import refusals
from shared.server.refusals import Refusal
from shared.server.replies import ClientGone, Reply, refused
from shared.server.requests import Environ, Request, RequestReader

MAX_HELD: Final = 1_048_576
"""Bytes of a body that are gathered before its request is worked on: as many as a JSON body may have."""
PART: Final = 262_144

_READ: Final = 65_536
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_READING: Final = select.EPOLLIN | select.EPOLLONESHOT
_WRITING: Final = select.EPOLLOUT | select.EPOLLONESHOT
_NEVER: Final = float("inf")

log = get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a client has. Each counts from where it began, not from the last byte."""

    request: float = 75.0
    """For its next request: above the 60 of usual load balancers, so that it is they who close an idle connection."""
    head: float = 10.0
    """From the first byte of a request to the end of its headers; a phone needs one."""
    part: float = 30.0
    """For each PART of a body: 9 kB a second. A file of 2 GiB takes hours at ten times that."""
    taking: float = 30.0
    """To take something of a reply. Linux wakes us when a third of the buffer is free again."""
    leaving: float = 3.0
    """To read our last reply, while it may still send what nobody reads: closed at once, it would not arrive."""


class Awaited(Enum):
    """What a client is waited for."""

    REQUEST = auto()
    HEAD = auto()
    PART = auto()


class Host(Protocol):
    """What a connection needs of the worker whose it is."""

    application: Callable[..., Iterable[bytes]]
    environ: Environ
    """What is the same in the environment of each request."""
    alive: bool
    """Whether it goes on to serve, or finishes what it has."""
    patience: Patience

    def add(self, connection: Connection, events: int, /) -> None:
        """Give a new ``connection`` to a thread, once, when one of ``events`` is there."""

    def watch(self, connection: Connection, events: int, /) -> None:
        """Do so again."""

    def make_room(self) -> None:
        """See to it that unfinished bodies do not take too much memory together."""

    def forget(self, connection: Connection, /) -> None:
        """It is about to be closed."""


class Connection:
    """A client's connection. One thread at a time has it: the one that its socket was ready for."""

    def __init__(self, client: socket.socket, address: str, host: Host) -> None:
        client.setblocking(False)
        self.socket: Final = client
        self.number: Final = client.fileno()
        self.address: Final = address
        self.held = 0
        """Bytes of a request that is not there as a whole."""
        self.deadline = _NEVER
        """When whoever waits for the client has waited enough."""
        self._host = host
        self._reader = RequestReader()
        self._reply: Reply | None = None
        self._given_up: Refusal | None = None
        self._awaited: Awaited | None = None
        self._awaited_until = 0.0
        self._part_received = 0
        self._told_to_continue = False
        self._lingers = False
        self.deadline = self._patience()
        host.add(self, _READING)

    @property
    def idle(self) -> bool:
        """Whether it waits for a request of which nothing has come."""
        return not (self._reply or self._reader.in_head or self._reader.first())

    def give_up(self, refusal: Refusal) -> None:
        """Wait no longer. Any thread may ask for it, at any time; the one that has the connection then wakes up."""
        self._given_up, self.deadline = refusal, _NEVER
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD if self._reply is None else socket.SHUT_RDWR)

    def ready(self) -> None:
        """Something can be read, or written: go as far as it goes without waiting."""
        self.deadline = _NEVER
        try:
            if self._lingers:
                self._throw_away()
            elif self._reply is not None or self._receive():
                self._go_on()
        except ClientGone:
            self.close()
        except Exception as error:  # the WSGI edge: the client is told, and the worker goes on
            log.exception("request_failed", exc_info=error, route="unknown")
            self._fail()

    def close(self) -> None:
        if self._reply is not None:
            self._reply.close()
        self._host.forget(self)
        self.socket.close()

    def read_more(self) -> None:
        """Wait for more of the body of the request that is worked on.

        Raises:
            TimeoutError: it comes too slowly.
            ConnectionError: it broke off, or is malformed.
        """
        if self._reader.refusal is not None:
            raise ConnectionError("the body is malformed")
        self._tell_to_continue()
        self.deadline = self._patience()
        self.socket.setblocking(True)
        try:
            data = self.socket.recv(PART)
        finally:
            self.socket.setblocking(False)
            self.deadline = _NEVER
        if not data:
            raise ConnectionError("the client is gone") if self._given_up is None else TimeoutError
        self._take_in(data)

    def _receive(self) -> bool:
        """Read what is there, until it makes a request; whether there is something to be done."""
        while not self._can_reply():
            data = self._received()
            if data is None:
                break
            if not data:
                return self._no_more()
            self._take_in(data)
            if len(data) < _READ:
                break
        return True

    def _received(self) -> bytes | None:
        """What is there; None where nothing is, empty at the end."""
        try:
            return self.socket.recv(_READ)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ClientGone from error

    def _no_more(self) -> bool:
        """Nothing more comes: the client has ended, or we do not wait any longer."""
        if self._given_up is None and self._reader.first() is not None:
            self._given_up = refusals.INCOMPLETE
        if self._given_up is None or self.idle:
            self.close()
            return False
        return True

    def _take_in(self, data: bytes) -> None:
        self._part_received += len(data)
        self._reader.feed(data)

    def _can_reply(self) -> bool:
        request = self._reader.first()
        if request is None:
            return self._reader.refusal is not None
        return request.whole or self._reader.refusal is not None or _too_long_to_hold(request)

    def _go_on(self) -> None:
        """Send, and answer the next request, until there is none that is whole."""
        while self._reply is not None or self._can_reply() or self._given_up is not None:
            if self._reply is None:
                self._reply = self._answer()
            if not self._sent(self._reply):
                return
        self._watch()

    def _answer(self) -> Reply:
        request = self._reader.first()
        refusal = self._reader.refusal or self._given_up
        if refusal is not None and (request is None or not request.whole):
            return self._refused(refusal)
        assert request is not None  # noqa: S101  # it was found by _can_reply
        self.held = 0
        reply = Reply(request)
        environ = request.environ(self._host.environ)
        environ["REMOTE_ADDR"] = self.address
        environ["wsgi.input"] = io.BytesIO(request.take()) if request.whole else io.BufferedReader(_Body(self, request))
        reply.give(self._host.application(environ, reply.start_response))
        # Behind a body that was not read to its end, no other request can be found.
        goes_on = request.keeps_alive and request.whole and self._host.alive and self._given_up is None
        reply.closes = not goes_on
        return reply

    def _sent(self, reply: Reply) -> bool:
        """Send what can be sent; whether all is, and the connection goes on."""
        if not reply.send(self.socket):
            self._watch_writing()
            return False
        reply.close()
        self._reply = None
        if reply.closes:
            self._hang_up()
            return False
        self._reader.done()
        self._awaited = None
        self._told_to_continue = False
        return True

    def _fail(self) -> None:
        """Say that it is our fault, if that can still be said."""
        reply, self._reply = self._reply, None
        if reply is not None and reply.begun:
            self.close()
            return
        self._reply = self._refused(refusals.FAILED)
        self._watch_writing()

    def _refused(self, refusal: Refusal) -> Reply:
        request = self._reader.first()
        with traces.span("refused", parent={}):
            metrics.HTTP_REQUESTS.labels("unknown", "other", str(refusal.row.status)).inc()
            log.info("request_refused", status=refusal.row.status, reason=refusal.row.slug)
            return refused(refusal, "" if request is None else request.path(), traces.trace_id())

    def _watch(self) -> None:
        """Wait for the client, with no thread."""
        self.deadline = self._patience()
        request = self._reader.first()
        if request is not None:
            self._tell_to_continue()
            self.held = request.held
            self._host.make_room()
        self._host.watch(self, _READING)

    def _watch_writing(self) -> None:
        self.deadline = monotonic() + self._host.patience.taking
        self._host.watch(self, _WRITING)

    def _patience(self) -> float:
        """Until when the client has time for what it is waited for."""
        patience = self._host.patience
        if self._reader.first() is not None:
            awaited, seconds = Awaited.PART, patience.part
        elif self._reader.in_head:
            awaited, seconds = Awaited.HEAD, patience.head
        else:
            awaited, seconds = Awaited.REQUEST, patience.request
        if awaited is not self._awaited or self._part_received >= PART:
            self._awaited, self._part_received = awaited, 0
            self._awaited_until = monotonic() + seconds
        return self._awaited_until

    def _tell_to_continue(self) -> None:
        request = self._reader.first()
        if request is not None and request.expects_continue and not self._told_to_continue:
            self._told_to_continue = True
            if not request.pieces:
                with suppress(OSError):  # Who is gone is noticed when nothing comes.
                    self.socket.send(_CONTINUE)

    def _hang_up(self) -> None:
        request = self._reader.first()
        if self._given_up is not None or (request is not None and request.whole):
            self.close()
            return
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        self._lingers = True
        self._awaited_until = monotonic() + self._host.patience.leaving
        self._throw_away()

    def _throw_away(self) -> None:
        """Read what the client still sends, until it has read our reply and closes, or its time is over."""
        if self._given_up is not None or self._received() == b"":
            self.close()
            return
        self.deadline = self._awaited_until
        self._host.watch(self, _READING)


class _Body(io.RawIOBase):
    """The body of a request that is worked on before it is whole: to be read by the thread that works on it."""

    def __init__(self, connection: Connection, request: Request) -> None:
        super().__init__()
        self._connection = connection
        self._request = request
        self._piece = b""

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed's Buffer is not importable on 3.11
        while not self._piece:
            if self._request.pieces:
                self._piece = self._request.take()
            elif self._request.whole:
                return 0
            else:
                self._connection.read_more()
        size = min(len(view), len(self._piece))
        view[:size], self._piece = self._piece[:size], self._piece[size:]
        return size


def _too_long_to_hold(request: Request) -> bool:
    return request.held > MAX_HELD or (request.length is not None and request.length > MAX_HELD)
