"""Pictures of a file for reviewers: a process of its own, started by pictures.reader.

What a file says of itself is its sender's word, and libraries that read pictures have had their faults; here those end
nothing else. Standard input is a line with the file's type and then the file; what is said stands in pictures.frames.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import IO

from services.fraud_detection.evidence.decoding import pdf, raster
from services.fraud_detection.evidence.decoding.refused import Refused
from services.fraud_detection.evidence.decoding.views import View, thumbnail, view
from services.fraud_detection.evidence.pictures.frames import LastFrame, PictureFrame, encoded
from services.fraud_detection.evidence.pictures.limits import CPU_SECONDS, MEMORY_BYTES
from shared.process.confined import confine


def main() -> None:
    """Read standard input, within the limits."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")  # they would tell of the file, and nobody reads them
    out = sys.stdout.buffer
    media_type = sys.stdin.buffer.readline().strip().decode()
    _read(media_type, sys.stdin.buffer.read(), out)
    out.flush()


def _read(media_type: str, data: bytes, out: IO[bytes]) -> None:
    opened: pdf.PdfDocument | raster.RasterDocument | None = None
    pages, why = 0, None
    try:
        opened = _opened(media_type, data)
        for pages, each in enumerate(opened.pages(), start=1):
            for made in _views(each, pages):
                out.write(encoded(PictureFrame(made.kind, pages, made.width, made.height, len(made.jpeg)), made.jpeg))
    except Refused as refused:
        why = refused.why
    except MemoryError:
        why = "takes_too_much"
    out.write(encoded(LastFrame(0 if why else pages, why, {} if opened is None else opened.metadata())))


def _opened(media_type: str, data: bytes) -> pdf.PdfDocument | raster.RasterDocument:
    if media_type == "application/pdf":
        return pdf.PdfDocument(data)
    if media_type.startswith("image/"):
        return raster.RasterDocument(data, media_type)
    raise Refused("unknown_type")


def _views(page: raster.Pixels, number: int) -> Iterator[View]:
    shown = view(page)
    if number == 1:
        yield thumbnail(shown)
    yield shown


if __name__ == "__main__":
    main()
