"""Plain bytes of an upload that may be compressed, in bounded pieces. A bomb is refused before it fills anything."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import zstandard

from services.enrollment.files.domain.errors import UnreadableFile

Compression = Literal["none", "gzip", "zstd"]

MOST_EXPANDED: Final = 8 * 1024**3
"""Bytes of a file once it is no longer compressed: four times the largest upload, some fifty million rows."""
MOST_RATIO: Final = 100
"""Real files of subscribers shrink to a fifth or a tenth; gzip's limit is a thousandth, and zstd has none."""
RATIO_COUNTS_FROM: Final = 16 * 1024**2
"""A small file of equal rows may shrink by more; it harms nobody."""

_PIECE: Final = 1024**2
_ZSTD_FEED: Final = 1024
"""Bytes fed at once: a block of zstd takes at least 4 and gives at most 128 kB, so this gives 32 MB at most."""
_ZSTD_WINDOW: Final = 8 * 1024**2
"""What RFC 8878 asks every decoder for, and ``zstd -19`` stays within; held in memory for each upload."""
_AGAIN: Final = "Send the file again, whole."

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_NOT_OURS: Final = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7-Zip",
}
_LONGEST_MAGIC: Final = 6


class Meter:
    """Compares what a file became with what was sent of it."""

    def __init__(self) -> None:
        self.sent = 0
        self._made = 0

    def made(self, size: int) -> None:
        """Count ``size`` more bytes.

        Raises:
            UnreadableFile: that is more than any file of subscribers.
        """
        self._made += size
        if self._made > MOST_EXPANDED:
            raise UnreadableFile(
                f"Decompressed it has more than {MOST_EXPANDED // 1024**3} GiB.", "Split it into several files."
            )
        if self._made > RATIO_COUNTS_FROM and self._made > MOST_RATIO * self.sent:
            raise UnreadableFile(
                f"It grows to more than {MOST_RATIO} times its size when it is decompressed.",
                "Send it with less compression, or plain.",
            )


def compression_of(content_encoding: str | None) -> Compression | None:
    """What a Content-Encoding names; None where it names nothing, so that the first bytes tell.

    Raises:
        UnreadableFile: it names one that is not known.
    """
    named = (content_encoding or "").strip().lower()
    match named:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return "gzip"
        case "zstd":
            return "zstd"
        case _:
            raise UnreadableFile("Its Content-Encoding is not known.", "Use gzip, zstd, or none.")


def expanded(sent: Iterable[bytes], declared: Compression | None, meter: Meter) -> Iterator[bytes]:
    """The plain bytes of what was sent; never an empty piece.

    Raises:
        UnreadableFile: it ends too early, is damaged, grows too much, or is compressed in another way.
    """
    pieces = _metered(sent, meter)
    first = b""
    while len(first) < _LONGEST_MAGIC and (piece := next(pieces, b"")):
        first += piece
    found: Compression = "gzip" if first.startswith(_GZIP) else "zstd" if first.startswith(_ZSTD) else "none"
    if declared not in {None, found}:
        raise UnreadableFile(f"It is not {declared}, as was announced.", "Announce what you send, or nothing.")
    for magic, kind in _NOT_OURS.items():
        if first.startswith(magic):
            raise UnreadableFile(f"It is {kind}.", "Send it plain, or compressed by gzip or zstd.")
    whole = _joined(first, pieces)
    return {"none": _plain, "gzip": _gunzip, "zstd": _unzstd}[found](whole, meter)


def _metered(sent: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    for piece in sent:
        meter.sent += len(piece)
        if piece:
            yield piece


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _plain(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    del meter
    return pieces


def _gunzip(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    for piece in pieces:
        rest = piece
        while rest:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            plain = _inflated(member, rest)
            rest = member.unused_data if member.eof else member.unconsumed_tail
            meter.made(len(plain))
            if plain:
                yield plain
    while not member.eof:
        # What is left to give after the last piece was taken in.
        plain = _inflated(member, b"")
        if not plain:
            raise UnreadableFile("Its gzip ends in the middle.", _AGAIN)
        meter.made(len(plain))
        yield plain


def _inflated(member: zlib._Decompress, data: bytes) -> bytes:
    try:
        return member.decompress(data, _PIECE)
    except zlib.error:
        raise UnreadableFile("Its gzip is damaged.", _AGAIN) from None


def _unzstd(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    for piece in pieces:
        for start in range(0, len(piece), _ZSTD_FEED):
            rest = piece[start : start + _ZSTD_FEED]
            while rest:
                if frame.eof:
                    frame = decompressor.decompressobj()
                try:
                    plain = frame.decompress(rest)
                except zstandard.ZstdError:
                    raise UnreadableFile(
                        "Its zstd is damaged, or needs a window of more than 8 MiB.",
                        "Send it again, compressed without --long and --ultra.",
                    ) from None
                rest = frame.unused_data if frame.eof else b""
                meter.made(len(plain))
                for place in range(0, len(plain), _PIECE):
                    yield plain[place : place + _PIECE]
    if not frame.eof:
        raise UnreadableFile("Its zstd ends in the middle.", _AGAIN)
