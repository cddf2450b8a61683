#!/bin/sh
# jionlp 1.5.31
#
# Expected: an amount in which digits and 万 are mixed, as people and reports to the police write it, is read as what it
#   says, the way jionlp reads the same amount in Chinese numerals, or is refused like other texts that it cannot read.
# Seen: what stands before 万 or 亿 is counted twice, and where digits without a unit follow, the first of them is added
#   once more. The answer is called "accurate", from parse_money() and from extract_money() over a whole sentence.
#
#   三万五千元      35000.00
#   3万5千元        65000.00
#   1万5000元       25005.00
#   1亿5000万元     250050000.00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check --prefer-binary jionlp==1.5.31
"$folder/venv/bin/python" - <<'PYTHON'
import jionlp

for text, num in (
    ("三万五千元", "35000.00"),
    ("3万5千元", "65000.00"),
    ("一万五千元", "15000.00"),
    ("1万5000元", "25005.00"),
    ("1.5万元", "15000.00"),
    ("一亿五千万元", "150000000.00"),
    ("1亿5000万元", "250050000.00"),
):
    seen = jionlp.parse_money(text)
    print(text, seen["num"], seen["definition"])
    assert seen == {"num": num, "case": "元", "definition": "accurate"}, seen

found = jionlp.ner.extract_money("我被骗1万5000元，已经报警。", with_parsing=True)
print(found)
assert [(each["text"], each["detail"]["num"]) for each in found] == [("1万5000元", "25005.00")], found
PYTHON
