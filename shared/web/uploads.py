"""A body that is read in pieces, hashed while it passes, and kept on disk. What the pieces mean is the use case's."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from typing import IO, Final

from typing_extensions import override

from shared.web.bodies import Source, told_why
from shared.web.errors import BodyTooLarge, NoRoomForUpload
from shared.web.idempotency import Hash

CHUNK: Final = 262_144
"""Bytes read at once: large enough that hashing dominates, small beside a worker's memory."""


class Upload(io.RawIOBase):
    """The request's body as a readable binary file that cannot be rewound, with what its headers say of it."""

    def __init__(
        self,
        source: Source,
        fingerprint: Hash | None,
        *,
        limit: int,
        content_type: str = "",
        charset: str = "",
        content_encoding: str | None = None,
    ) -> None:
        super().__init__()
        self.content_type = content_type
        self.charset = charset
        self.content_encoding = content_encoding
        self._source = source
        self._limit = limit
        self._fingerprint = fingerprint
        self._sha256 = hashlib.sha256()
        self.bytes_read = 0
        self._received: IO[bytes] | None = None

    def receive(self) -> None:
        """All of it to disk, in a file without a name; from now on it is read from there.

        Raises:
            BodyTooLarge: it has more bytes than its route takes.
            UploadIncomplete, UploadTooSlow: it did not come whole, or not in time.
            NoRoomForUpload: the disk is full.
        """
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed with the upload
        try:
            for piece in self.chunks():
                _write(file, piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        self._received = file

    @override
    def close(self) -> None:
        if not self.closed and self._received is not None:
            self._received.close()
        super().close()

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed's Buffer is not importable on 3.11
        if self._received is not None:
            piece = self._received.read(len(view))
            view[: len(piece)] = piece
            return len(piece)
        with told_why():
            piece = self._source.read(min(len(view), CHUNK))
        view[: len(piece)] = piece
        self._sha256.update(piece)
        if self._fingerprint is not None:
            self._fingerprint.update(piece)
        self.bytes_read += len(piece)
        if self.bytes_read > self._limit:
            raise BodyTooLarge(self._limit)
        return len(piece)

    def chunks(self) -> Iterator[bytes]:
        """What is left, in pieces."""
        while piece := self.read(CHUNK):
            yield piece

    def sha256(self) -> str:
        """Hex SHA-256 of what was read so far; of the whole body after its end was reached."""
        return self._sha256.hexdigest()


def _write(file: IO[bytes], piece: bytes) -> None:
    try:
        while piece:
            piece = piece[file.write(piece) :]
    except OSError:
        raise NoRoomForUpload from None
