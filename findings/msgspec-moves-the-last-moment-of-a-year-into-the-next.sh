#!/bin/sh
# msgspec 0.23.0, beside pydantic 2.14.4
#
# Expected: a moment with more than six digits of a second, as Go, Java and .NET write it, is cut to microseconds, as
#   Python's own fromisoformat and pydantic do: 23:59:59.9999999 is still that day.
# Seen: msgspec rounds, so that the last moment of a year is the first of the next. Two parts of one system that read
#   the same document have another day, month and year of it, and at the end of 9999, which .NET writes for "no end"
#   (DateTime.MaxValue), msgspec refuses what pydantic takes.
#
#   2026-12-31T23:59:59.9999999+08:00  msgspec 2027-01-01 00:00:00+08:00  pydantic 2026-12-31 23:59:59.999999+08:00
#   9999-12-31T23:59:59.9999999Z       msgspec refused: Invalid RFC3339 encoded datetime
#                                      pydantic 9999-12-31 23:59:59.999999+00:00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check msgspec==0.23.0 pydantic==2.14.4
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime

import msgspec
from pydantic import TypeAdapter


def by_msgspec(moment):
    try:
        return str(msgspec.json.decode(f'"{moment}"', type=datetime))
    except msgspec.ValidationError as error:
        return f"refused: {error}"


def by_pydantic(moment):
    return str(TypeAdapter(datetime).validate_json(f'"{moment}"', strict=True))


for moment, one, other in (
    ("2026-12-31T23:59:59.9999994+08:00", "2026-12-31 23:59:59.999999+08:00", "2026-12-31 23:59:59.999999+08:00"),
    ("2026-12-31T23:59:59.9999999+08:00", "2027-01-01 00:00:00+08:00", "2026-12-31 23:59:59.999999+08:00"),
    ("9999-12-31T23:59:59.9999999Z", "refused: Invalid RFC3339 encoded datetime", "9999-12-31 23:59:59.999999+00:00"),
):
    seen = by_msgspec(moment), by_pydantic(moment)
    print(moment, "| msgspec", seen[0], "| pydantic", seen[1])
    assert seen == (one, other), seen
    assert str(datetime.fromisoformat(moment)) == other
PYTHON
