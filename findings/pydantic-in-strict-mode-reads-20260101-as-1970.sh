#!/bin/sh
# pydantic 2.14.4, beside Python's own fromisoformat and msgspec 0.23.0
#
# Expected: "20260101" is a date in the basic form of ISO 8601, as many insurers' files write it. A strict datetime
#   takes it for 1 January 2026, as fromisoformat does, or refuses it, as msgspec does. Strict mode refuses numbers.
# Seen: strict mode refuses the number 20260101 but takes the text "20260101" for that many seconds since 1970:
#   a birthday or a beginning of cover in August 1970, without an error. "20260101T000000" is refused; so is
#   the same text where the type is date.
#
#   20260101           refused
#   "20260101"         1970-08-23 11:48:21+00:00
#   "20260101T000000"  refused
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check msgspec==0.23.0 pydantic==2.14.4
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import UTC, date, datetime

import msgspec
from pydantic import TypeAdapter, ValidationError


def read(kind, document):
    try:
        return TypeAdapter(kind).validate_json(document, strict=True)
    except ValidationError:
        return "refused"


for document, kind, expected in (
    ("20260101", datetime, "refused"),
    ('"20260101"', datetime, datetime(1970, 8, 23, 11, 48, 21, tzinfo=UTC)),
    ('"20260101T000000"', datetime, "refused"),
    ('"20260101"', date, "refused"),
):
    seen = read(kind, document)
    print(document, kind.__name__, seen)
    assert seen == expected, seen
assert datetime.fromisoformat("20260101") == datetime(2026, 1, 1)
try:
    msgspec.json.decode('"20260101"', type=datetime)
except msgspec.ValidationError as error:
    print("msgspec", error)
else:
    raise AssertionError("msgspec took it")
PYTHON
