#!/bin/sh
# lunardate 0.3.0, beside lunar_python 1.4.8; the moon by ephem 4.2.1
#
# Expected: a lunar month begins on the day of the new moon in Beijing time, so what a lunar birthday is in the civil
#   calendar is the same in each library; birthdays of living people above all.
# Seen: the new moon of 3 September 1978 came at 00:08 Beijing time. lunardate begins the eighth month on the 2nd and
#   gives all who were born in the 30 days after that another lunar birthday, Mid-Autumn (8-15) on 16 instead of
#   17 September. In the same way it is wrong about 1933 (the moon at 00:03) and, by a day in the other direction,
#   about 1954, whose new moon was at 20:30, no close call.
#
#   1933-07-22 lunardate 6-1    lunar_python leap 5-30  new moon 1933-07-23 00:03
#   1954-11-25 lunardate 10-30  lunar_python 11-1       new moon 1954-11-25 20:30
#   1978-09-02 lunardate 8-1    lunar_python 7-30       new moon 1978-09-03 00:08
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check lunardate==0.3.0 lunar_python==1.4.8 ephem==4.2.1
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date, timedelta

import ephem
from lunar_python import Solar
from lunardate import LunarDate

# The day, then year, month (negative: leap) and day as each has it, and the day of the new moon in Beijing.
EXPECTED = [
    (date(1933, 7, 22), (1933, 6, 1), (1933, -5, 30), date(1933, 7, 23)),
    (date(1954, 11, 25), (1954, 10, 30), (1954, 11, 1), date(1954, 11, 25)),
    (date(1978, 9, 2), (1978, 8, 1), (1978, 7, 30), date(1978, 9, 3)),
]
for day, of_lunardate, of_lunar_python, first in EXPECTED:
    one = LunarDate.from_solar_date(day.year, day.month, day.day)
    other = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    moon = ephem.next_new_moon(day - timedelta(days=5)).datetime() + timedelta(hours=8)
    seen = (
        (one.year, -one.month if one.is_leap_month else one.month, one.day),
        (other.getYear(), other.getMonth(), other.getDay()),
        moon.date(),
    )
    print(day, "lunardate", *seen[0], "lunar_python", *seen[1], f"new moon {moon:%Y-%m-%d %H:%M}")
    assert seen == (of_lunardate, of_lunar_python, first), seen
festival = LunarDate(1978, 8, 15).to_solar_date()
print("Mid-Autumn 1978 by lunardate:", festival)
assert festival == date(1978, 9, 16)
PYTHON
