"""A worker of gunicorn whose threads share one epoll: each waits there, takes a connection and does what can be done.

The main thread accepts connections, ends those whose time is over, and says to gunicorn's master that it lives. What
a connection does is shared.server.connection's; docs/decisions/0032 says why gunicorn's own workers are not used.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from gunicorn.workers.base import Worker

from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.server import refusals
from shared.server.connection import Connection, Patience
from shared.server.requests import Environ

_LOOK_SECONDS: Final = 1.0
_MOMENT_SECONDS: Final = 0.05
_ACCEPTED_AT_ONCE: Final = 64
_OTHER_FILES: Final = 256
"""Of the database's pool, of uploads and of what Python has open."""

log = get_logger()


class WebWorker(Worker):  # type: ignore[misc]  # gunicorn is untyped
    """One process that serves."""

    application: Callable[..., Iterable[bytes]]
    environ: Environ
    alive: bool
    patience = Patience()
    most_connections = 1_000
    """A proxy keeps some dozens; those of slow clients end there, or here by their deadlines."""
    most_held = 33_554_432
    """Bytes of unfinished bodies, beside the 90 MB that a process has anyway."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._epoll: select.epoll
        self._connections: dict[int, Connection] = {}
        self._done = False

    def init_process(self) -> None:
        self._epoll = select.epoll()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.most_connections + _OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, then finish what was begun."""
        self.application = self.wsgi
        host, port = self.sockets[0].getsockname()[:2]
        self.environ = _environ(host, port, several=self.cfg.workers > 1)
        bell, rung = socket.socketpair()
        # Not one-shot: once rung, it wakes each of them.
        self._epoll.register(rung, select.EPOLLIN)
        threads = [threading.Thread(target=self._work, name=f"web-{n}", daemon=True) for n in range(self.cfg.threads)]
        for thread in threads:
            thread.start()
        self._accept_until_told()
        self._finish()
        self._done = True
        bell.send(b"!")
        for thread in threads:
            thread.join(_LOOK_SECONDS)

    def _work(self) -> None:
        while not self._done:
            for number, _events in self._epoll.poll(None, 1):
                connection = self._connections.get(number)
                if connection is not None:
                    connection.ready()

    def _accept_until_told(self) -> None:
        waiting = select.epoll()
        listeners = {listener.fileno(): listener for listener in self.sockets}
        for number, listener in listeners.items():
            listener.setblocking(False)
            # Of several processes the kernel then wakes one.
            waiting.register(number, select.EPOLLIN | select.EPOLLEXCLUSIVE)
        waiting.register(self.PIPE[0], select.EPOLLIN | select.EPOLLET)  # A signal writes a byte into it.
        look_at = 0.0
        while self.alive:
            for number, _events in waiting.poll(_LOOK_SECONDS):
                if number in listeners:
                    self._accept(listeners[number])
            if monotonic() < look_at:
                continue
            look_at = monotonic() + _LOOK_SECONDS
            self._look_after()
            if self.ppid != os.getppid():
                log.info("master_gone")
                self.alive = False
        waiting.close()
        for listener in listeners.values():
            self._accept(listener)
            listener.close()

    def _finish(self) -> None:
        """Answer what has begun. gunicorn's master kills whoever takes longer than it allows."""
        while self._connections:
            for connection in self._standing():
                if connection.idle:
                    connection.deadline = min(connection.deadline, monotonic() + self.patience.leaving)
            time.sleep(_MOMENT_SECONDS)
            self._look_after()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if len(self._connections) >= self.most_connections:
                self._make_place()
            try:
                client, address = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Connection(client, str(address[0]), self)
            except BlockingIOError:
                return
            except OSError as error:
                # The client is gone again; or files have run out, and those whose time is over make room in a moment.
                log.warning("not_accepted", error=errno.errorcode.get(error.errno or 0, "unknown"))
                self._make_place()
                time.sleep(_MOMENT_SECONDS)
                return

    def _look_after(self) -> None:
        """Tell the master that this process lives, and end what took too long."""
        self.notify()
        now = monotonic()
        for connection in self._standing():
            if connection.deadline < now:
                connection.give_up(refusals.TOO_SLOW)

    def _make_place(self) -> None:
        """End who has waited longest: for a request, else within one."""
        waiting = [each for each in self._standing() if each.deadline != float("inf")]
        if waiting:
            min(waiting, key=lambda each: (not each.idle, each.deadline)).give_up(refusals.NO_ROOM)

    def _standing(self) -> list[Connection]:
        return list(self._connections.values())

    # What connections ask of it.

    def add(self, connection: Connection, events: int, /) -> None:
        self._connections[connection.number] = connection
        self._epoll.register(connection.number, events)

    def watch(self, connection: Connection, events: int, /) -> None:
        self._epoll.modify(connection.number, events)

    def make_room(self) -> None:
        """End the largest unfinished body where all together are too much: small ones then stay, whoever sends more."""
        standing = self._standing()
        if sum(each.held for each in standing) > self.most_held:
            max(standing, key=lambda each: each.held).give_up(refusals.NO_ROOM)

    def forget(self, connection: Connection, /) -> None:
        self._connections.pop(connection.number, None)


def _environ(host: str, port: int, *, several: bool) -> Environ:
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": several,
        "wsgi.run_once": False,
        # Its input ends where the body does, also where no length was given.
        "wsgi.input_terminated": True,
    }
