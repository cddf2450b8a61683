"""Pictures by Pillow, HEIC by pillow-heif: nothing is decoded before its size is known."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

import pillow_heif
from PIL import Image, ImageOps

from services.fraud_detection.evidence.decoding.metadata import of_picture
from services.fraud_detection.evidence.decoding.refused import Refused
from services.fraud_detection.evidence.pictures.limits import MOST_PIXELS, VIEW_PIXELS

Pixels = Image.Image
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/heic": "HEIF"}
_FAILED: Final = (
    *(OSError, EOFError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError, RuntimeError),
    *(ArithmeticError, struct.error),
)
"""What Pillow raises for a damaged picture depends on where it notices."""


class RasterDocument:
    """One picture. What stands beside its first one (a series, a live picture) is not shown."""

    def __init__(self, data: bytes, media_type: str) -> None:
        pillow_heif.register_heif_opener(thumbnails=False)
        pillow_heif.options.DECODE_THREADS = 1
        try:
            self._image = Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]])
        except Image.DecompressionBombError:
            raise Refused("too_many_pixels") from None
        except _FAILED:
            raise Refused("damaged") from None
        if self._image.width * self._image.height > MOST_PIXELS:
            raise Refused("too_many_pixels")

    def pages(self) -> Iterator[Pixels]:
        """Its pixels, upright.

        Raises:
            Refused: it is damaged.
        """
        try:
            # Of a JPEG no more is decoded than is shown.
            self._image.draft("RGB", self._drafted())
            self._image.load()
            ImageOps.exif_transpose(self._image, in_place=True)  # else there would be two of it
        except _FAILED as error:
            raise Refused("damaged") from error
        yield self._image

    def metadata(self) -> dict[str, Any]:
        return of_picture(self._image)

    def _drafted(self) -> tuple[int, int]:
        """The size at least that a JPEG is decoded at."""
        width, height = self._image.size
        ratio = min(1.0, (VIEW_PIXELS / (width * height)) ** 0.5)
        return max(1, round(width * ratio)), max(1, round(height * ratio))
