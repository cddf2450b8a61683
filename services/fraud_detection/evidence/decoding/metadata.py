"""What a file says beside what it shows: place, device, time, texts. It is personal, and reviewers do not see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from PIL import ExifTags, Image

from services.fraud_detection.evidence.pictures.limits import MOST_METADATA

_LONGEST: Final = 2_000
"""Characters of one value."""
_FAILED: Final = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)
_GPS: Final = 0x8825
_DETAILS: Final = 0x8769
_KNOWN: Final = frozenset({"exif", "icc_profile", "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"})


def of_picture(image: Image.Image) -> dict[str, Any]:
    """Exif with its places, XMP, comments and text chunks, as texts."""
    found: dict[str, Any] = {}
    for name, read in (("exif", _exif), ("gps", _gps), ("texts", _texts)):
        try:
            values = dict(read(image))
        except _FAILED:
            continue
        if values:
            found[name] = values
    return bounded(found)


def bounded(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """As much of it as is kept."""
    left = MOST_METADATA
    kept: dict[str, dict[str, str]] = {}
    for group, values in found.items():
        for name, value in values.items():
            text, key = _text(value), _text(name)[:100]
            left -= len(text.encode()) + len(key.encode())
            if left < 0:
                return kept
            kept.setdefault(group, {})[key] = text
    return kept


def _exif(image: Image.Image) -> Iterator[tuple[str, Any]]:
    exif = image.getexif()
    for number, value in (*exif.items(), *exif.get_ifd(_DETAILS).items()):
        if number not in {_GPS, _DETAILS}:
            yield ExifTags.TAGS.get(number, str(number)), value


def _gps(image: Image.Image) -> Iterator[tuple[str, Any]]:
    for number, value in image.getexif().get_ifd(_GPS).items():
        yield ExifTags.GPSTAGS.get(number, str(number)), value


def _texts(image: Image.Image) -> Iterator[tuple[str, Any]]:
    for name, value in image.info.items():
        if isinstance(value, str | bytes) and name not in _KNOWN:
            yield str(name), value


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    # Neither PostgreSQL nor JSON's readers take what is no character.
    return str(value)[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "")
