"""Pictures and documents as residents send them: made here, small, of nobody."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

PLACE = (31.0, 13.0, 49.0)
SECRETS = (b"SecretPhone 9", b"secret-xmp", b"secret-comment", b"secret-text", "秘密".encode())
"""What stands in the files beside what they show."""


def painted(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0110] = "SecretPhone 9"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: PLACE, 3: "E", 4: (121.0, 28.0, 27.0)})
    return exif


_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">secret-xmp</x:xmpmeta>'


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@cache
def jpeg(orientation: int = 1, width: int = 64, height: int = 48, comment: bytes = b"secret-comment") -> bytes:
    """With place, device, XMP, colour profile and a comment."""
    said = {"exif": _exif(orientation), "xmp": _XMP, "icc_profile": _profile(), "comment": comment}
    return _saved(painted(width, height), "JPEG", quality=95, subsampling=0, **said)


@cache
def png(width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    """With place, device, colour profile and three kinds of text chunks."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "secret-text")
    texts.add_text("Description", "secret-text", zip=True)
    texts.add_itxt("Author", "秘密")
    picture = painted(width, height).convert(mode)
    return _saved(picture, "PNG", pnginfo=texts, exif=_exif(1), icc_profile=_profile())


@cache
def heic(width: int = 64, height: int = 48) -> bytes:
    pillow_heif.register_heif_opener()
    return _saved(painted(width, height), "HEIF", exif=_exif(1).tobytes(), xmp=_XMP, icc_profile=_profile())


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture
