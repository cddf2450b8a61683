"""What a file is by its first bytes, whatever its sender calls it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

MediaType: TypeAlias = Literal["image/jpeg", "image/png", "image/heic", "application/pdf", "application/octet-stream"]
UNKNOWN: Final[MediaType] = "application/octet-stream"
"""What is none of the others."""

LOOKED_AT: Final = 1024
"""Bytes. A PDF's own mark may stand anywhere in so many (ISO 32000-1, annex H.3.4.1); all others stand first."""

_FIRST: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""ISO/IEC 23008-12: of single pictures and of series, by HEVC, and the two that say only "HEIF"."""


def media_type(first: bytes) -> MediaType:
    """Of a file that begins with ``first``, LOOKED_AT bytes or all that it has."""
    for mark, kind in _FIRST:
        if first.startswith(mark):
            return kind
    if first[4:8] == b"ftyp" and first[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return "application/pdf" if b"%PDF-" in first[:LOOKED_AT] else UNKNOWN
