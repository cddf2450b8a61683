"""clamd's INSTREAM: a file is sent in pieces, and one line says whether it is known as harmful. Off unless it is set.

Measured with ClamAV 1.4 (tests hold it): an empty stream is OK; a stream without its end gets no answer at all; above
the server's StreamMaxLength comes a line that ends in ERROR, and the rest is not read.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from services.fraud_detection.evidence.domain.errors import ScannerAway

Verdict: TypeAlias = Literal["clean", "found", "too_large"]

TIMEOUT_SECONDS: Final = 120.0
"""clamd's own ReadTimeout, which is also how long it may look at a file."""
_LENGTH: Final = struct.Struct(">I")
_PIECE: Final = 65_536
_LONGEST_REPLY: Final = 4096
_TOO_LARGE: Final = b"INSTREAM size limit exceeded. ERROR"


@dataclass(frozen=True, slots=True)
class Clamd:
    """The scanner at ``tcp://host:port`` or ``unix:///path/of/its/socket``."""

    url: str
    timeout_seconds: float = TIMEOUT_SECONDS

    def scan(self, data: Iterable[bytes]) -> Verdict:
        """What the scanner says of ``data``.

        Raises:
            ScannerAway: it cannot be asked, or says something else.
        """
        try:
            with self._connected() as link:
                # Where it reads no further, it has said why.
                with suppress(BrokenPipeError, ConnectionResetError):
                    link.sendall(b"zINSTREAM\0")
                    for given in data:
                        for start in range(0, len(given), _PIECE):
                            piece = given[start : start + _PIECE]
                            link.sendall(_LENGTH.pack(len(piece)) + piece)
                    link.sendall(_LENGTH.pack(0))
                reply = _reply(link)
        except OSError as error:
            raise ScannerAway(type(error).__name__) from error
        if reply == b"stream: OK":
            return "clean"
        if reply.startswith(b"stream: ") and reply.endswith(b" FOUND"):
            return "found"
        if reply == _TOO_LARGE:
            return "too_large"
        raise ScannerAway("an answer that is none" if reply else "no answer")

    def _connected(self) -> socket.socket:
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(self.timeout_seconds)
            try:
                link.connect(parts.path)
            except OSError:
                link.close()
                raise
            return link
        return socket.create_connection((parts.hostname, parts.port), self.timeout_seconds)


def _reply(link: socket.socket) -> bytes:
    """Up to its end, which is a NUL; nothing where that does not come."""
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_REPLY:
        piece = link.recv(_LONGEST_REPLY)
        if not piece:
            break
        said += piece
    return said[:-1] if said.endswith(b"\0") else b""
