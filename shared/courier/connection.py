"""Opens the connection of one POST: to an address that was checked, and with one deadline for all that happens on it.

httpcore hands the name over where it would connect, and takes TLS's server name and Host from the URL. So the name is
resolved here, once, the address is checked here, and the socket goes to that very address: no second look-up can lead
elsewhere. docs/decisions/0017 says what else was compared.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

import httpcore

from shared.courier.addresses import Address, Network, may_be_called
from shared.process.clock import monotonic

_MOST_ADDRESSES: Final = 3
"""Of one name: who publishes more gets no more tries within the deadline."""


class AddressRefused(Exception):
    """No address of the name may be called."""


class NameUnknown(Exception):
    """The name has no address."""


class OutOfTime(Exception):
    """The attempt took all the time that it has."""


class GuardedBackend(httpcore.NetworkBackend):
    """For one attempt, that must be over ``deadline`` seconds on the monotonic clock."""

    def __init__(self, allowed: Sequence[Network], deadline: float, *, encrypted: bool) -> None:
        self._allowed = allowed
        self._encrypted = encrypted
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = _resolve(host, port)
        callable_ = [each for each in found if may_be_called(each, self._allowed, encrypted=self._encrypted)]
        if not callable_:
            raise AddressRefused
        for number, address in enumerate(callable_[:_MOST_ADDRESSES], start=1):
            left = _left(self._deadline)
            try:
                stream = self._plain.connect_tcp(str(address), port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == min(len(callable_), _MOST_ADDRESSES):
                    raise
            else:
                return _TimedStream(stream, self._deadline)
        raise AssertionError("unreachable")


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every read and write ends by the deadline: a receiver that sends a byte now and then does too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown from error
    # In the resolver's order, each once; a zone (fe80::1%eth0) only stands at addresses that may not be called.
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ip_address(text) for text in texts]


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise OutOfTime
    return left
