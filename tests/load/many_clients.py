"""Many HTTP clients in one thread: each sends its next request as soon as the last one is answered.

Next to the server on the same cores, a client library would cost more than what is measured; this one costs some
30 us a request. It speaks as much HTTP as it needs: keep-alive and Content-Length.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answered:
    """What came back. ``bodies`` are those of replies that were not 2xx, a few of them."""

    seconds: float
    latencies_ms: list[float]
    refused: int
    bodies: list[bytes]

    @property
    def per_second(self) -> float:
        return len(self.latencies_ms) / self.seconds


@dataclass(slots=True)
class _Client:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def request(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST ready to be sent."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_all(url: str, requests: Sequence[bytes], *, clients: int) -> Answered:
    """Send every request once, ``clients`` of them at a time, and wait for all answers."""
    parts = urlsplit(url)
    latencies: list[float] = []
    wrong: list[bytes] = []
    refused = 0
    left = iter(requests)
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            _open(selector, (parts.hostname or "", parts.port or 80), left)
        while selector.get_map():
            for key, _events in selector.select():
                client: _Client = key.data
                reply = _receive(client)
                if reply is None:
                    continue
                latencies.append((time.perf_counter() - client.sent_at) * 1000)
                if not reply.startswith(b"HTTP/1.1 2"):
                    refused += 1
                    wrong += [bytes(reply)] if len(wrong) < 3 else []
                if not _send_next(client, left):
                    selector.unregister(client.socket)
                    client.socket.close()
    return Answered(time.perf_counter() - began, latencies, refused, wrong)


def _open(selector: selectors.BaseSelector, address: tuple[str, int], left: Iterator[bytes]) -> None:
    client = _Client(socket.create_connection(address))
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if _send_next(client, left):
        selector.register(client.socket, selectors.EVENT_READ, client)
    else:
        client.socket.close()


def _send_next(client: _Client, left: Iterator[bytes]) -> bool:
    following = next(left, None)
    if following is None:
        return False
    client.received.clear()
    client.sent_at = time.perf_counter()
    client.socket.sendall(following)
    return True


def _receive(client: _Client) -> bytes | None:
    """The whole reply once it is there."""
    data = client.socket.recv(65536)
    if not data:
        raise ConnectionError("the server closed a connection that it should keep")
    client.received += data
    head, found, body = client.received.partition(b"\r\n\r\n")
    if not found:
        return None
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return bytes(client.received) if len(body) >= length else None


@dataclass(frozen=True)
class Paced:
    """One request that was due at ``due`` and answered at ``answered``; seconds of the machine's clock."""

    due: float
    answered: float
    body: bytes


def send_paced(url: str, requests: Sequence[bytes], *, clients: int, per_second: float) -> list[Paced]:
    """Send at this rate whether or not earlier ones were answered: a queue that forms counts from when each was due."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    start = time.time() + 0.2
    idle = [_Client(socket.create_connection(address)) for _ in range(clients)]
    for client in idle:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    found: list[Paced] = []
    sent = 0
    with selectors.DefaultSelector() as selector:
        while len(found) < len(requests):
            while idle and sent < len(requests) and start + sent / per_second <= time.time():
                client = idle.pop()
                client.received.clear()
                client.sent_at = start + sent / per_second
                client.socket.sendall(requests[sent])
                selector.register(client.socket, selectors.EVENT_READ, client)
                sent += 1
            wait = start + sent / per_second - time.time() if idle and sent < len(requests) else 1.0
            for key, _events in selector.select(max(0.0, wait)) if selector.get_map() else _slept(wait):
                client = key.data
                reply = _receive(client)
                if reply is not None:
                    found.append(Paced(client.sent_at, time.time(), reply.partition(b"\r\n\r\n")[2]))
                    selector.unregister(client.socket)
                    idle.append(client)
    for client in idle:
        client.socket.close()
    return found


def _slept(seconds: float) -> tuple[()]:
    time.sleep(max(0.0, seconds))
    return ()
