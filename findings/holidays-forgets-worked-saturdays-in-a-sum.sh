#!/bin/sh
# holidays 0.109
#
# Expected: a firm adds its own days off to China's calendar with +, as the documentation shows, and all else stays.
#   14 February 2026 is a Saturday on which China works, in exchange for a day of the Spring Festival.
# Seen: a sum knows the days off of both and no worked weekends at all: is_working_day() is False for all six of 2026,
#   and what is due in so many working days comes out later. The days in exchange for which they are worked stay off.
#
#   China alone            2026-02-14 works: True    working days in 2026: 248
#   China + one's own      2026-02-14 works: False   working days in 2026: 242, with no day of one's own
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check holidays==0.109
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import holidays

WORKED = [date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)]
china = holidays.country_holidays("CN", years=2026)
own = holidays.HolidayBase(years=2026)
both = china + own
assert dict(both) == dict(china)
counts = [each.get_working_days_count(date(2026, 1, 1), date(2026, 12, 31)) for each in (china, both)]
works = [[each.is_working_day(day) for day in WORKED] for each in (china, both)]
print("China alone", works[0], counts[0])
print("China + nothing", works[1], counts[1])
assert works == [[True] * 6, [False] * 6], works
assert counts[0] - counts[1] == 6, counts
PYTHON
