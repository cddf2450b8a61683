"""Draws a certificate as one page of PDF. What stands on it is the domain's to say.

The font comes with the service, and the glyphs that a page shows go into the page: a reader needs no Chinese font.
"""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.enrollment.policies.domain.certificates import Certificate, lines, shown_code
from services.enrollment.products.domain.cover import zone_of

_FONT: Final = "NotoSansSC-names"
_FILE: Final = Path(__file__).parent.parent / "fonts" / f"{_FONT}.ttf"
_MISSING: Final = "〓"
"""Printers' sign for a character that the type case lacks."""

_WIDTH: Final[float] = A4[0]
_HEIGHT: Final[float] = A4[1]
_MARGIN: Final = 56.0
_VALUE_AT: Final = 200.0
_TEXT_SIZE: Final = 10.5
_LABEL_SIZE: Final = 9.0
_LEADING: Final = 16.0
_LINE_HEIGHT: Final = 36.0
"""At least, for a label has two rows."""
_FOOT_TOP: Final = 140.0
_BEYOND_FFFF: Final = re.compile("<([0-9A-F]{5,6})>")
_INK: Final = (0.13, 0.16, 0.22)
_FAINT: Final = (0.42, 0.45, 0.52)
_RULE: Final = (0.80, 0.82, 0.86)


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """Says to readers which character each glyph is in UTF-16BE, as PDF asks (ISO 32000-2, 9.10.3).

    reportlab 5.1.0 says those above U+FFFF in five or six hex digits, of which readers make others.
    """

    def addObjects(self, doc: Any) -> None:  # noqa: N802  # reportlab's name
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                stream.content = _BEYOND_FFFF.sub(_in_utf_16, stream.content)


def _in_utf_16(code: re.Match[str]) -> str:
    return f"<{chr(int(code[1], 16)).encode('utf-16-be').hex()}>"


def draw(certificate: Certificate) -> bytes:
    """One A4 page."""
    known = _known_characters()
    page = io.BytesIO()
    canvas = Canvas(page, pagesize=A4, pageCompression=1)
    canvas.setTitle("保险凭证 Certificate of insurance")
    canvas.setAuthor("Fangzha")
    top = _head(canvas, certificate)
    said = [
        (line, ["".join(each if ord(each) in known else _MISSING for each in text) for text in line.texts])
        for line in lines(certificate)
    ]
    # A product of many liabilities is drawn smaller: a certificate is one page.
    shrink = min(1.0, (top - _FOOT_TOP) / sum(_height(texts) for _, texts in said))
    canvas.saveState()
    canvas.translate(_MARGIN * (1 - shrink), top)
    canvas.scale(shrink, shrink)
    y = 0.0
    for line, texts in said:
        _line(canvas, y, (line.zh, line.en), texts)
        y -= _height(texts)
    canvas.restoreState()
    _foot(canvas, certificate, lacking=any(_MISSING in text for _, texts in said for text in texts))
    canvas.showPage()
    canvas.save()
    return page.getvalue()


@cache
def _known_characters() -> frozenset[int]:
    """What the font has, read once a process (a tenth of a second); later pages take a few milliseconds."""
    font = _Font(_FONT, _FILE)
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _head(canvas: Canvas, certificate: Certificate) -> float:
    y = _HEIGHT - 90
    canvas.setFillColorRGB(*_INK)
    _write(canvas, _MARGIN, y, "保险凭证", 24)
    canvas.setFillColorRGB(*_FAINT)
    _write(canvas, _MARGIN + 112, y, "Certificate of Insurance", 15)
    canvas.setStrokeColorRGB(*_INK)
    canvas.setLineWidth(1.4)
    canvas.line(_MARGIN, y - 14, _WIDTH - _MARGIN, y - 14)
    canvas.setFillColorRGB(*_FAINT)
    _write(canvas, _MARGIN, y - 36, "验证码 Verification code", _LABEL_SIZE)
    canvas.setFillColorRGB(*_INK)
    _write(canvas, _VALUE_AT, y - 37, shown_code(certificate.code), 13)
    return y - 62


def _height(texts: list[str]) -> float:
    return max(_LINE_HEIGHT, _LEADING * len(texts) + 17)


def _line(canvas: Canvas, y: float, label: tuple[str, str], texts: list[str]) -> None:
    """A label and its texts."""
    canvas.setStrokeColorRGB(*_RULE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, y + 8, _WIDTH - _MARGIN, y + 8)
    canvas.setFillColorRGB(*_FAINT)
    _write(canvas, _MARGIN, y - 8, label[0], _LABEL_SIZE)
    _write(canvas, _MARGIN, y - 20, label[1], _LABEL_SIZE - 1)
    canvas.setFillColorRGB(*_INK)
    row = y - 9
    for text in texts:
        room = _WIDTH - _MARGIN - _VALUE_AT
        wide = pdfmetrics.stringWidth(text, _FONT, _TEXT_SIZE)
        _write(canvas, _VALUE_AT, row, text, _TEXT_SIZE * min(1.0, room / wide) if wide else _TEXT_SIZE)
        row -= _LEADING


def _foot(canvas: Canvas, certificate: Certificate, *, lacking: bool) -> None:
    issued = certificate.issued_at.astimezone(zone_of(certificate.terms))
    notes = [
        f"出具时间 Issued {issued:%Y-%m-%d %H:%M} ({certificate.terms.zone})",
        "凭验证码可随时查询本保单当前状态：GET /v1/certificates/验证码；证件号码已部分隐去。",
        "With the code anybody may ask for the state of the policy now: GET /v1/certificates/CODE.",
        "保险责任、责任免除与理赔时限以保险条款为准。",
        "What is covered, what is excluded and by when to claim is said in the clauses of the policy.",
    ]
    if lacking:
        notes.append(f"{_MISSING}：字库未收之字。 A character that the font lacks.")
    canvas.setFillColorRGB(*_FAINT)
    y = 64.0 + 12 * (len(notes) - 1)
    for note in notes:
        _write(canvas, _MARGIN, y, note, 7.5)
        y -= 12


def _write(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    canvas.setFont(_FONT, size)
    canvas.drawString(x, y, text)
