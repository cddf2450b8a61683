"""Past claims over HTTP: a file of labelled claims, one JSON object a line, read as it streams in."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Final, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.domain.features import Snapshot
from services.fraud_detection.models.store.past_claims import PastClaim
from services.fraud_detection.models.usecases.load_past_claims import load_past_claims
from shared.values.errors import InvalidField
from shared.values.json_keys import repeated_key
from shared.web.errors import UnsupportedEncoding
from shared.web.models import MAX_FEN, Identifier, ReplyModel, Sha256Hex
from shared.web.resource import Call, Callers, Reply, Resource

past_claims = Resource("past-claims", "Labelled past claims that models learn from")

NDJSON: Final = "application/x-ndjson"
MAX_UPLOAD: Final = 1 << 30
"""A gigabyte: about a million past claims."""
LONGEST_LINE: Final = 16_384
"""Bytes; an honest line has under a thousand."""
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
LABEL: Final = "dishonest"

_PATH: Final = re.compile(r" - at `\$\.([a-z_]+)")
_PLAIN: Final = re.compile(r"[a-z_]{1,40}")
_NAMED: Final = re.compile(r"field `([a-z_]{1,40})`")


def _line_type() -> type[msgspec.Struct]:
    """A struct of the snapshot's fields and the label: what a claim is scored by is what a past claim must hold."""
    hints = get_type_hints(Snapshot)
    bounds: dict[object, Any] = {
        int: Annotated[int, msgspec.Meta(ge=0, le=MAX_FEN)],
        datetime: Annotated[datetime, msgspec.Meta(tz=True)],
        str: Annotated[str, msgspec.Meta(max_length=64)],
    }
    fields: list[Any] = [(LABEL, bool)]
    for field in dataclasses.fields(Snapshot):
        kind = bounds.get(hints[field.name], hints[field.name])
        fields.append((field.name, kind) if field.default is dataclasses.MISSING else (field.name, kind, field.default))
    return msgspec.defstruct("PastClaimLine", fields, kw_only=True, forbid_unknown_fields=True)


_DECODER: Final = msgspec.json.Decoder(_line_type())
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Snapshot))


class DatasetView(ReplyModel):
    """A file of past claims as it was kept."""

    dataset_id: Identifier
    rows: int
    dishonest: int
    """Rows whose claim turned out dishonest."""
    sha256: Sha256Hex
    """Of the body that was read."""


@past_claims.post(
    "/v1/past-claims",
    scope="models:write",
    callers=Callers.STAFF,
    status=202,
    reply=DatasetView,
    streams=(NDJSON,),
    max_body=MAX_UPLOAD,
)
def load(call: Call[ModelDeps]) -> Reply[DatasetView]:
    """Hand in labelled past claims, one JSON object a line: the inputs of the model's features, and `dishonest`.

    Required: `dishonest`, `scam_type`, `amount_fen`, `event_limit_fen`, `annual_limit_left_fen`, `effective_from`,
    `occurred_at`, `discovered_at`, `reported_at`, `submitted_at`. The rest are counts and flags with defaults, as a
    decided claim's snapshot has them. No field takes a name, a number of a document or free text; unknown fields are
    refused. A fault names `/<line>/<field>`, and nothing of a file with faults is kept.
    """
    stream = call.request_stream
    if (stream.content_encoding or "identity").lower() != "identity":
        raise UnsupportedEncoding
    reader = io.BufferedReader(stream, 1 << 20)
    try:
        dataset = load_past_claims(
            call.tx, _lines(reader), sha256=stream.sha256, uploaded_by=call.caller.subject, now=call.now
        )
    finally:
        reader.detach()  # else it would close the stream, which is the caller's
    return Reply(DatasetView.of(dataset))


def _lines(stream: io.BufferedIOBase) -> Iterator[PastClaim | InvalidField]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            yield InvalidField(f"/{number}", f"Line {number} is too long.", "Send one JSON object a line.")
            return
        if line.strip():
            yield read_line(number, line)


def read_line(number: int, line: bytes) -> PastClaim | InvalidField:
    """One line as a past claim, or what is wrong with it; never the value itself."""
    try:
        key = repeated_key(line)
        if key is not None:
            named = f"/{number}/{key}" if _PLAIN.fullmatch(key) else f"/{number}"
            return InvalidField(named, f"Line {number} has a key twice.", "Send each key once.")
        row = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        return _fault(number, str(error))
    except (ValueError, RecursionError):  # msgspec's are ValueErrors too
        return InvalidField(f"/{number}", f"Line {number} is no JSON.", "Send one JSON object a line, in UTF-8.")
    values = {name: getattr(row, name) for name in _FIELDS}
    wrong = _wrong_time(values)
    if wrong is not None:
        name, detail, fix = wrong
        return InvalidField(f"/{number}/{name}", f"Line {number}: {detail}", fix)
    return PastClaim(number, Snapshot(**values), getattr(row, LABEL))


def _wrong_time(values: dict[str, Any]) -> tuple[str, str, str] | None:
    """The field, what is wrong and the fix, if a time or the zone makes no sense."""
    try:
        ZoneInfo(values["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "zone", "this is no time zone.", "Send an IANA name, e.g. Asia/Shanghai."
    times = [(name, value) for name, value in values.items() if isinstance(value, datetime)]
    for name, value in times:
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            return name, "the year is not plausible.", f"Send a time from {FIRST_YEAR} to {LAST_YEAR}."
    order = ("occurred_at", "discovered_at", "reported_at", "submitted_at")
    for earlier, later in pairwise(order):
        if values[earlier] > values[later]:
            return later, f"it is before {earlier}.", "Send the times in the order in which it happened."
    return None


def _fault(number: int, message: str) -> InvalidField:
    """A validation error in our words; the names in it are of fields, and only plain ones are repeated."""
    found = _PATH.search(message) or _NAMED.search(message)
    name = found[1] if found else ""
    pointer = f"/{number}/{name}" if name else f"/{number}"
    if "unknown field" in message:
        return InvalidField(pointer, f"Line {number} has a field that is not known.", "Remove it.")
    if "missing required field" in message:
        return InvalidField(pointer, f"Line {number} lacks a field.", "Add it.")
    expected = re.split(" - at |, got ", message, maxsplit=1)[0]
    detail = f"Line {number} holds a wrong value. {expected}." if expected.startswith("Expected ") else ""
    return InvalidField(
        pointer, detail or f"Line {number} holds a wrong value.", "See the fields in the API's document."
    )
