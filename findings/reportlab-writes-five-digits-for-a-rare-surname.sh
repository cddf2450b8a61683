#!/bin/sh
# reportlab 5.1.0, read by pypdf 7.1.1 and pdfminer.six 20260107
#
# Expected: a name that is drawn with an embedded TrueType font can be copied and read from the PDF, also where a
#   character is above U+FFFF, as many rare Chinese surnames are; the shapes on the page are right.
# Seen: the table of glyphs to characters (ToUnicode) has such a character's number as five hex digits, where PDF asks
#   for UTF-16BE: <20BB7> instead of <D842DFB7>. Readers make of it another character, or none:
#
#   drawn U+674E U+20BB7, in ToUnicode 674E 20BB7
#   pypdf         U+674E        (and a warning: Odd-length string)
#   pdfminer.six  U+674E U+20BB
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    reportlab==5.1.0 pypdf==7.1.1 pdfminer.six==20260107 fonttools==4.68.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import re
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pdfminer.high_level import extract_text
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

SURNAME = "\U00020bb7"
folder = Path(sys.argv[1])


def box():
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (900, 700), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


glyphs = {name: box() for name in (".notdef", "space", "li", "surname")}
font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder(list(glyphs))
font.setupCharacterMap({0x20: "space", ord("李"): "li", ord(SURNAME): "surname"})
font.setupGlyf(glyphs)
font.setupHorizontalMetrics({name: (1000, 100) for name in glyphs})
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable({"familyName": "Tiny", "styleName": "Regular", "psName": "Tiny-Regular"})
font.setupOS2(sTypoAscender=800, sTypoDescender=-200)
font.setupPost()
font.save(folder / "tiny.ttf")

registerFont(TTFont("Tiny", str(folder / "tiny.ttf")))
page = folder / "certificate.pdf"
canvas = Canvas(str(page))
canvas.setFont("Tiny", 20)
canvas.drawString(100, 700, "李" + SURNAME)
canvas.save()

reader = PdfReader(page)
fonts = [each.get_object() for each in reader.pages[0]["/Resources"]["/Font"].values()]
table = next(each["/ToUnicode"].get_data().decode() for each in fonts if "/ToUnicode" in each)
entries = re.findall(r"<\w{2}> <(\w+)>", table)
drawn = [each for each in entries if each in {"674E", "20BB7", "D842DFB7"}]
by_pypdf = reader.pages[0].extract_text().strip()
by_pdfminer = extract_text(page).strip()
print("ToUnicode", *drawn, "pypdf", ascii(by_pypdf), "pdfminer.six", ascii(by_pdfminer))
assert drawn == ["674E", "20BB7"], drawn
assert by_pypdf == "李", ascii(by_pypdf)
assert by_pdfminer == "李\u20bb", ascii(by_pdfminer)
PYTHON
