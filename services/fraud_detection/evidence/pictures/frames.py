"""What the child says, one frame after the other: a line of JSON, and the bytes of a picture where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from services.fraud_detection.evidence.domain.files import Unreadable, ViewKind


class PictureFrame(msgspec.Struct, frozen=True, tag="picture"):
    """A picture of ``size`` bytes follows."""

    view: ViewKind
    page_no: int
    width: int
    height: int
    size: int


class LastFrame(msgspec.Struct, frozen=True, tag="last"):
    """There is nothing more: ``pages`` were read, or the file is unreadable. ``metadata`` is what was taken out."""

    pages: int
    why: Unreadable | None
    metadata: dict[str, Any]


Frame = PictureFrame | LastFrame
_DECODER = msgspec.json.Decoder(Frame)
_LONGEST_LINE = 1024**2


class NoFrame(Exception):
    """The child said something else."""


class BrokeOff(Exception):
    """The child ended in the midst of a frame."""


def encoded(frame: Frame, data: bytes = b"") -> bytes:
    return msgspec.json.encode(frame) + b"\n" + data


def frames(pieces: Iterator[bytes], *, most: int) -> Iterator[tuple[Frame, bytes]]:
    """Each frame with its bytes, ``most`` at the most.

    Raises:
        NoFrame: it is no frame, or a longer one.
        BrokeOff: there is no more of it.
    """
    held = _Held(pieces)
    while line := held.line():
        try:
            frame = _DECODER.decode(line)
        except msgspec.MsgspecError as error:
            raise NoFrame from error
        size = frame.size if isinstance(frame, PictureFrame) else 0
        if not 0 <= size <= most:
            raise NoFrame
        yield frame, held.take(size)


class _Held:
    """What came and was not taken yet."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._bytes = bytearray()

    def line(self) -> bytes:
        """Up to its end; nothing where all was taken."""
        while (end := self._bytes.find(b"\n")) < 0:
            if len(self._bytes) > _LONGEST_LINE:
                raise NoFrame
            if not self._more():
                if self._bytes:
                    raise BrokeOff
                return b""
        return self.take(end + 1)

    def take(self, size: int) -> bytes:
        while len(self._bytes) < size:
            if not self._more():
                raise BrokeOff
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._bytes += piece
        return bool(piece)
