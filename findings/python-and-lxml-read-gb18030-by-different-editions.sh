#!/bin/sh
# Python 3.11 to 3.13's codec gb18030, beside lxml 6.1.3 (whose wheel has GNU libiconv)
#
# Expected: two readers of GB18030 on one machine read the same bytes as the same characters; what moved from Unicode's
#   private area to a character of its own in the editions of 2005 and 2022 has moved in both.
# Seen: Python's codec still is that of the year 2000. Of all pairs of bytes it reads 25 as other characters than lxml
#   does, each of them as private ones, also A8BC, which moved in 2005. So a document that lxml writes with U+9FB4 comes
#   into Python as U+E81E, without an error: for a program another name, and in most fonts an empty box. Python itself
#   writes U+9FB4 as four bytes.
#
#   A8BC  Python U+E7C7  lxml U+1E3F
#   FE51  Python U+E816  lxml U+20087
#   FE59  Python U+E81E  lxml U+9FB4
#   U+9FB4 written: by lxml fe59, by Python 82359037
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
import unicodedata

from lxml import etree


def by_lxml(raw):
    return etree.fromstring(b'<?xml version="1.0" encoding="GB18030"?><name>' + raw + b"</name>").text


seconds = [each for each in range(0x40, 0xFF) if each != 0x7F]
pairs = [bytes((first, second)) for first in range(0x81, 0xFF) for second in seconds]
differing = {pair.hex().upper(): (pair.decode("gb18030"), by_lxml(pair)) for pair in pairs}
differing = {pair: both for pair, both in differing.items() if both[0] != both[1]}
for pair, (one, other) in differing.items():
    print(f"{pair} Python U+{ord(one):04X} lxml U+{ord(other):04X}")
assert len(differing) == 25, len(differing)
assert {unicodedata.category(one) for one, _ in differing.values()} == {"Co"}
assert "Co" not in {unicodedata.category(other) for _, other in differing.values()}
assert differing["A8BC"] == ("\ue7c7", "\u1e3f")
assert differing["FE51"] == ("\ue816", "\U00020087")

name = etree.Element("name")
name.text = "\u9fb4"
written = etree.tostring(name, encoding="GB18030")
read = written.decode("gb18030")
print("U+9FB4 written by lxml", written[-9:-7].hex(), "by Python", "\u9fb4".encode("gb18030").hex())
assert "\ue81e" in read and "\u9fb4" not in read
assert "\u9fb4".encode("gb18030").hex() == "82359037"
PYTHON
