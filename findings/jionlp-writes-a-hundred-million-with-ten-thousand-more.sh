#!/bin/sh
# jionlp 1.5.31, beside cn2an 0.5.24
#
# Expected: an amount that is written out in numerals (大写), as a contract's or a cheque's, says the amount; read again
#   by the same library it is the same.
# Seen: from a hundred million on, where the digits of the ten thousands are all zero, 万 is written all the same:
#   100000000 is 壹亿萬, which jionlp itself reads as ten thousand more. A sum insured of 300000000 is 叁亿萬.
#   Amounts whose ten thousands are not all zero are written rightly, as is the example in the documentation.
#
#   100000000  jionlp 壹亿萬      read again 100010000.00  cn2an 壹亿元整
#   100001000  jionlp 壹亿萬壹仟  read again 100011000.00  cn2an 壹亿壹仟元整
#   250000000  jionlp 贰亿伍仟萬  read again 250000000.00  cn2an 贰亿伍仟万元整
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check --prefer-binary jionlp==1.5.31 cn2an==0.5.24
"$folder/venv/bin/python" - <<'PYTHON'
import cn2an
import jionlp

for amount, written, again, by_cn2an in (
    (100_000_000, "壹亿萬", "100010000.00", "壹亿元整"),
    (100_001_000, "壹亿萬壹仟", "100011000.00", "壹亿壹仟元整"),
    (300_000_000, "叁亿萬", "300010000.00", "叁亿元整"),
    (250_000_000, "贰亿伍仟萬", "250000000.00", "贰亿伍仟万元整"),
    (99_999_999, "玖仟玖佰玖拾玖萬玖仟玖佰玖拾玖", "99999999.00", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元整"),
):
    said = jionlp.money_num2char(amount, sim_or_tra="tra")
    read = jionlp.parse_money(said + "元")["num"]
    other = cn2an.an2cn(amount, "rmb")
    print(amount, "jionlp", said, "read again", read, "cn2an", other)
    assert (said, read, other) == (written, again, by_cn2an), (said, read, other)
PYTHON
