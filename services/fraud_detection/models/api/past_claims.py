"""Past claims over HTTP: a file of labelled claims, one JSON object a line, read as it streams in."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Final, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.fraud_detection.models.api.dataset_view import (
    DatasetDetailView,
    DatasetView,
    TrainedModelView,
    WarningView,
)
from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.domain import errors
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.store import data_warnings
from services.fraud_detection.models.store import past_claims as store
from services.fraud_detection.models.store.past_claims import PastClaim
from services.fraud_detection.models.usecases.load_past_claims import load_past_claims
from shared.values.errors import InvalidField
from shared.values.json_keys import repeated_key
from shared.web import paging
from shared.web.errors import UnsupportedEncoding
from shared.web.models import MAX_FEN, Identifier, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

past_claims = Resource("past-claims", "Labelled past claims that models learn from")

NDJSON: Final = "application/x-ndjson"
MAX_UPLOAD: Final = 1 << 30
"""A gigabyte: about a million past claims."""
LONGEST_LINE: Final = 16_384
"""Bytes; an honest line has under a thousand."""
FIRST_YEAR: Final = 2000
FUTURE: Final = timedelta(days=1)
"""What may be ahead of our clock: a time that was written down in the wrong zone, and no more."""
LATEST_BEGIN: Final = timedelta(days=366)
"""A cover that has not begun yet begins within a year; a claim under it is a fraud that models should see."""
FIRST_BIRTH_YEAR: Final = 1900
LABEL: Final = "dishonest"

_PATH: Final = re.compile(r" - at `\$\.([a-z_]+)")
_PLAIN: Final = re.compile(r"[a-z_]{1,40}")
_NAMED: Final = re.compile(r"field `([a-z_]{1,40})`")


def _line_type() -> type[msgspec.Struct]:
    """A struct of the snapshot's fields and the label: what a claim is scored by is what a past claim must hold."""
    hints = get_type_hints(Snapshot)
    number, moment = Annotated[int, msgspec.Meta(ge=0, le=MAX_FEN)], Annotated[datetime, msgspec.Meta(tz=True)]
    bounds: dict[object, Any] = {
        int: number,
        int | None: number | None,
        datetime: moment,
        datetime | None: moment | None,
        str: Annotated[str, msgspec.Meta(max_length=64)],
    }
    fields: list[Any] = [(LABEL, bool)]
    for field in dataclasses.fields(Snapshot):
        kind = bounds.get(hints[field.name], hints[field.name])
        fields.append((field.name, kind) if field.default is dataclasses.MISSING else (field.name, kind, field.default))
    return msgspec.defstruct("PastClaimLine", fields, kw_only=True, forbid_unknown_fields=True)


_DECODER: Final = msgspec.json.Decoder(_line_type())
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Snapshot))


class DatasetPath(RequestModel):
    dataset_id: Identifier


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

    Required: `dishonest`, `scam_type`, `amount_fen`, `event_limit_fen`, `effective_from`, `occurred_at`,
    `submitted_at`. The rest is as a decided claim's snapshot has it: what nobody knows is null or left out, which is
    another thing than 0 or false. No field takes a name, a number of a document or free text; unknown fields are
    refused, as are claims later than now and years of birth that nobody who lives has. A fault names
    `/<line>/<field>`, and nothing of a file with faults is kept.
    """
    stream = call.request_stream
    if (stream.content_encoding or "identity").lower() != "identity":
        raise UnsupportedEncoding
    reader = io.BufferedReader(stream, 1 << 20)
    try:
        dataset = load_past_claims(
            call.tx, _lines(reader, call.now), sha256=stream.sha256, uploaded_by=call.caller.subject, now=call.now
        )
    finally:
        reader.detach()  # else it would close the stream, which is the caller's
    return Reply(DatasetView.of(dataset))


@past_claims.get("/v1/past-claims", scope="models:read", callers=Callers.STAFF, reply=paging.Page[DatasetView])
def list_datasets(call: Call[ModelDeps], query: paging.PageQuery) -> Reply[paging.Page[DatasetView]]:
    """All datasets, newest first."""
    found = store.newest(call.tx, before=query.after(UUID), limit=query.limit + 1)
    return Reply(paging.Page[DatasetView].cut(found, query, DatasetView.of, lambda last: (last.dataset_id,)))


@past_claims.get(
    "/v1/past-claims/<dataset_id>",
    scope="models:read",
    callers=Callers.STAFF,
    reply=DatasetDetailView,
    problems=(errors.DatasetNotFound,),
)
def show_dataset(call: Call[ModelDeps], path: DatasetPath) -> Reply[DatasetDetailView]:
    """A dataset with its lineage, its profile and what is doubtful about it. It never changes."""
    dataset = store.find(call.tx, path.dataset_id)
    if dataset is None:
        raise errors.DatasetNotFound(path.dataset_id)
    models = [TrainedModelView.of(model) for model in store.models_of(call.tx, path.dataset_id)]
    profile = data_warnings.profile_of(call.tx, path.dataset_id)
    warnings = [WarningView.of(warning) for warning in data_warnings.of_dataset(call.tx, path.dataset_id)]
    return Reply(DatasetDetailView.of(dataset, models=models, profile=profile, warnings=warnings))


def _lines(stream: io.BufferedIOBase, now: datetime) -> Iterator[PastClaim | InvalidField]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            yield InvalidField(f"/{number}", f"Line {number} is too long.", "Send one JSON object a line.")
            return
        if line.strip():
            yield read_line(number, line, now)


def read_line(number: int, line: bytes, now: datetime) -> PastClaim | InvalidField:
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
    wrong = _wrong_time(values, now) or _wrong_birth(values)
    if wrong is not None:
        name, detail, fix = wrong
        return InvalidField(f"/{number}/{name}", f"Line {number}: {detail}", fix)
    # All times in one zone: the same claim is the same row, however its file writes them.
    utc = {name: value.astimezone(UTC) for name, value in values.items() if isinstance(value, datetime)}
    return PastClaim(number, Snapshot(**values | utc), getattr(row, LABEL))


def _wrong_time(values: dict[str, Any], now: datetime) -> tuple[str, str, str] | None:
    """The field, what is wrong and the fix, if a time or the zone makes no sense."""
    try:
        ZoneInfo(values["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "zone", "this is no time zone.", "Send an IANA name, e.g. Asia/Shanghai."
    times = [(name, value) for name, value in values.items() if isinstance(value, datetime)]
    for name, value in times:
        if value.year < FIRST_YEAR:
            return name, "the year is not plausible.", f"Send a time from {FIRST_YEAR} on."
        if value > now + (LATEST_BEGIN if name == "effective_from" else FUTURE):
            return name, "this is yet to come.", "Send claims that were decided, with the times of what happened."
    order = ("occurred_at", "discovered_at", "reported_at", "submitted_at")
    for earlier, later in pairwise(name for name in order if values[name] is not None):
        if values[earlier] > values[later]:
            return later, f"it is before {earlier}.", "Send the times in the order in which it happened."
    return None


def _wrong_birth(values: dict[str, Any]) -> tuple[str, str, str] | None:
    """The same if nobody who claims was born then; zero is a year that nobody told."""
    born, last = values["birth_year"], values["occurred_at"].year
    if not born or FIRST_BIRTH_YEAR <= born <= last:
        return None
    return "birth_year", "nobody who claims was born then.", f"Send a year from {FIRST_BIRTH_YEAR} to that of the loss."


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
