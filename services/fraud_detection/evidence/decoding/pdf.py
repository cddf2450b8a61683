"""PDF by PDFium, page by page. Its wheels have no JavaScript and none is asked for; nothing is fetched."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import pypdfium2
from pypdfium2 import raw

from services.fraud_detection.evidence.decoding.metadata import bounded
from services.fraud_detection.evidence.decoding.raster import Pixels
from services.fraud_detection.evidence.decoding.refused import Refused
from services.fraud_detection.evidence.pictures.limits import MOST_PAGES, PAGE_SCALE, VIEW_PIXELS

_LONGEST_SIDE: Final = 20_000
"""Pixels; a page may be a thin line a mile long."""


class PdfDocument:
    """One PDF."""

    def __init__(self, data: bytes) -> None:
        try:
            self._pdf = pypdfium2.PdfDocument(data)
            count = len(self._pdf)
        except pypdfium2.PdfiumError as error:
            raise Refused("locked" if error.err_code == raw.FPDF_ERR_PASSWORD else "damaged") from None
        if count > MOST_PAGES:
            raise Refused("too_many_pages")
        if not count:
            raise Refused("damaged")
        # What was filled into a form is part of what one sees.
        self._pdf.init_forms()

    def pages(self) -> Iterator[Pixels]:
        """Each page as it would be printed.

        Raises:
            Refused: one of them cannot be drawn.
        """
        for number in range(len(self._pdf)):
            try:
                page = self._pdf[number]
                bitmap = page.render(scale=_scale(*page.get_size()), rev_byteorder=True)
            except pypdfium2.PdfiumError:
                raise Refused("damaged") from None
            yield bitmap.to_pil()
            bitmap.close()
            page.close()

    def metadata(self) -> dict[str, Any]:
        return bounded({"document": self._pdf.get_metadata_dict(skip_empty=True)})


def _scale(width: float, height: float) -> float:
    if not (math.isfinite(width * height) and width > 0 and height > 0):
        raise Refused("damaged")
    return min(PAGE_SCALE, math.sqrt(VIEW_PIXELS / (width * height)), _LONGEST_SIDE / max(width, height))
