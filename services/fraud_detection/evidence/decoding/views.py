"""What reviewers see: new pictures of the old one's pixels, so that nothing else of it is in them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from services.fraud_detection.evidence.domain.files import ViewKind
from services.fraud_detection.evidence.pictures.limits import QUALITY, THUMBNAIL_SIDE, VIEW_PIXELS


@dataclass(frozen=True)
class View:
    """One picture, as pixels and as a JPEG."""

    kind: ViewKind
    pixels: Image.Image
    jpeg: bytes

    @property
    def width(self) -> int:
        return self.pixels.width

    @property
    def height(self) -> int:
        return self.pixels.height


def view(page: Image.Image) -> View:
    """A page as it is looked at."""
    ratio = min(1.0, (VIEW_PIXELS / (page.width * page.height)) ** 0.5)
    return _view("page", page, (max(1, int(page.width * ratio)), max(1, int(page.height * ratio))))


def thumbnail(shown: View) -> View:
    """The same, small."""
    ratio = min(1.0, THUMBNAIL_SIDE / max(shown.width, shown.height))
    return _view("thumbnail", shown.pixels, (max(1, int(shown.width * ratio)), max(1, int(shown.height * ratio))))


def _view(kind: ViewKind, page: Image.Image, size: tuple[int, int]) -> View:
    if page.mode in {"P", "PA", "1"}:
        page = page.convert("RGBA" if page.has_transparency_data else "RGB")
    elif page.mode.startswith("I"):
        page = page.convert("I")
    if (factor := page.width // size[0]) > 1:
        page = page.reduce(factor)  # resize() copies a picture with transparency as a whole, and then once more
    if page.size != size:
        page = page.resize(size, Image.Resampling.LANCZOS)
    if page.mode == "I":
        # Sixteen bits a pixel; convert() alone would make white of nearly all of it.
        page = page.point(lambda value: value * (1 / 256)).convert("L")
    # A picture that Pillow made of another one keeps what was said of that one, and writes some of it: a JPEG's comment
    # into a JPEG, a colour profile into a PNG (measured with Pillow 13). A new one has its pixels alone.
    bare = Image.new("RGB", size, "white")
    if page.has_transparency_data:
        page = page.convert("RGBA")
        bare.paste(page, mask=page.getchannel("A"))
    else:
        bare.paste(page.convert("RGB"))
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return View(kind, bare, out.getvalue())
