"""A server for the tests of it, and clients that speak HTTP byte by byte."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.places import free_port

ROOT = Path(__file__).parents[3]
SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def begun(self, text: bytes) -> socket.socket:
        """A connection on which ``text`` was sent."""
        connection = self.connect()
        connection.sendall(text)
        return connection

    def answers(self, text: bytes) -> bytes:
        """All that is answered to ``text`` until the server closes."""
        with self.begun(text) as connection:
            return rest(connection)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    pieces = []
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


def one(connection: socket.socket) -> bytes:
    """One reply that has a Content-Length."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(1)
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head + b"\r\n\r\n" + body


def get(path: str = "/", *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: here", *headers, "", ""]).encode()


def post(body: bytes, *headers: str, path: str = "/", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = [f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


@contextmanager
def started(log: Path) -> Iterator[Server]:
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared.server.small_web", str(port)], cwd=ROOT, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield Server(port, process, log)
    finally:
        process.terminate()
        process.wait(SECONDS)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture
def server_to_stop(tmp_path: Path) -> Iterator[Server]:
    with started(tmp_path / "server.log") as running:
        yield running
