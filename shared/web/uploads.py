"""A body that is read in pieces, and hashed while it passes. What the pieces mean is the use case's."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Final, Protocol

from typing_extensions import override
from werkzeug.exceptions import ClientDisconnected

from shared.web.errors import UploadIncomplete
from shared.web.idempotency import Hash

CHUNK: Final = 262_144
"""Bytes read at once: large enough that hashing dominates, small beside a worker's memory."""


class Source(Protocol):
    """Where the body comes from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        ...


class Upload(io.RawIOBase):
    """The request's body as a readable binary file that cannot be rewound, with what its headers say of it."""

    def __init__(
        self,
        source: Source,
        fingerprint: Hash | None,
        *,
        content_type: str = "",
        charset: str = "",
        content_encoding: str | None = None,
        content_length: int | None = None,
    ) -> None:
        super().__init__()
        self.content_type = content_type
        self.charset = charset
        self.content_encoding = content_encoding
        self.content_length = content_length
        self._source = source
        self._fingerprint = fingerprint
        self._sha256 = hashlib.sha256()
        self.bytes_read = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed's Buffer is not importable on 3.11
        try:
            piece = self._source.read(min(len(view), CHUNK))
        except ClientDisconnected:
            raise UploadIncomplete from None
        # A server hands on what came of a body that broke off, and then its end, as if that were all.
        if not piece and view and self.content_length is not None and self.bytes_read < self.content_length:
            raise UploadIncomplete
        view[: len(piece)] = piece
        self._sha256.update(piece)
        if self._fingerprint is not None:
            self._fingerprint.update(piece)
        self.bytes_read += len(piece)
        return len(piece)

    def chunks(self) -> Iterator[bytes]:
        """What is left, in pieces."""
        while piece := self.read(CHUNK):
            yield piece

    def drain(self) -> None:
        """Read and forget what is left, so that the hashes cover the whole body."""
        for _piece in self.chunks():
            pass

    def sha256(self) -> str:
        """Hex SHA-256 of what was read so far; of the whole body after its end was reached."""
        return self._sha256.hexdigest()
