"""What pydantic found wrong, as pointers and fixes for a caller. The value is never repeated: it may be personal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from shared.values.json_keys import repeated_key
from shared.web.errors import FieldFault, InvalidRequest, MalformedJson, RepeatedKey

_SHOWN_OF_A_KEY: Final = 60

Where = Literal["body", "query", "path", "header"]

_FIXES: Mapping[str, str] = {
    "json_invalid": "Write it as JSON.",
    "missing": "Add this field.",
    "string_type": "Send a text in quotes.",
    "int_type": "Send a whole number, without quotes.",
    "int_parsing": "Send a whole number.",
    "int_from_float": "Send a whole number, without a fraction.",
    "float_type": "Send a number, without quotes.",
    "bool_type": "Send true or false, without quotes.",
    "bool_parsing": "Send true or false.",
    "list_type": "Send a list in square brackets.",
    "dict_type": "Send an object in curly brackets.",
    "model_type": "Send an object in curly brackets.",
    "model_attributes_type": "Send an object in curly brackets.",
    "date_type": "Send a date as 2026-01-31.",
    "date_parsing": "Send a date as 2026-01-31.",
    "date_from_datetime_parsing": "Send a date as 2026-01-31.",
    "datetime_type": "Send a moment as 2026-01-31T08:00:00+08:00.",
    "datetime_parsing": "Send a moment as 2026-01-31T08:00:00+08:00.",
    "moment_without_plus": "In an address send + as %2B: 2026-01-31T08:00:00%2B08:00; or use Z, for UTC.",
    "datetime_from_date_parsing": "Send a moment as 2026-01-31T08:00:00+08:00.",
    "timezone_aware": "Add the zone: 2026-01-31T08:00:00+08:00, or Z for UTC.",
    "string_too_short": "Send at least {min_length} characters.",
    "string_too_long": "Send at most {max_length} characters.",
    "too_short": "Send at least {min_length} items.",
    "too_long": "Send at most {max_length} items.",
    "greater_than": "Send more than {gt}.",
    "greater_than_equal": "Send at least {ge}.",
    "less_than": "Send less than {lt}.",
    "less_than_equal": "Send at most {le}.",
    "string_pattern_mismatch": "Send a text that matches {pattern}.",
    "enum": "Send one of {expected}.",
    "literal_error": "Send one of {expected}.",
    "finite_number": "Send a finite number.",
}


def raise_faults(error: ValidationError, model: type[BaseModel], where: Where) -> None:
    """Raise what ``error`` says as one of our errors: not JSON at all, or fields that are not acceptable."""
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        raise MalformedJson(str(found[0].get("ctx", {}).get("error", "it cannot be read")))
    raise InvalidRequest(faults_in(error, model, where))


def faults_in(error: ValidationError, model: type[BaseModel], where: Where) -> tuple[FieldFault, ...]:
    """What ``error`` says of ``model``, or of a list of them."""
    return tuple(_fault(each, model, where) for each in error.errors(include_url=False, include_input=False))


def pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901) from keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def refuse_repeated_keys(raw: bytes) -> None:
    """Refuse a JSON body that says something twice: the model's parser would keep the last of it without a word."""
    try:
        key = repeated_key(raw)
    except UnicodeDecodeError:
        raise MalformedJson("it is not in UTF-8") from None
    except (ValueError, RecursionError) as error:
        # Also where the model's own parser would go on: what was not looked through is not taken.
        raise MalformedJson(str(error)) from None
    if key is not None:
        raise RepeatedKey(key[:_SHOWN_OF_A_KEY])


def refuse_nul(raw: bytes) -> None:
    """Refuse U+0000 in any text of a JSON body: PostgreSQL stores none, and nobody means it."""
    if b"\\u0000" not in raw:
        return
    try:
        found = _nul_at(json.loads(raw), ())
    except (ValueError, RecursionError):
        return  # The model's own parser says what is wrong; it reads nothing that is nested so deeply.
    if found is not None:
        raise InvalidRequest((nul_fault(found, "body"),))


def nul_fault(path: Sequence[str | int], where: Where) -> FieldFault:
    return FieldFault(pointer(path), "The text holds the character U+0000.", "Remove that character.", where)


def _nul_at(value: object, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    if isinstance(value, str):
        return path if "\0" in value else None
    parts: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        if any("\0" in key for key in value):
            return path
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return next((found for key, item in parts if (found := _nul_at(item, (*path, key))) is not None), None)


def _fault(found: Mapping[str, Any], model: type[BaseModel], where: Where) -> FieldFault:
    kind: str = found["type"]
    location: tuple[str | int, ...] = found["loc"]
    at = pointer(location)
    if kind == "extra_forbidden":
        return FieldFault(at, "There is no such field.", _instead(str(location[-1]), location[:-1], model), where)
    detail = str(found["msg"]).removeprefix("Value error, ").rstrip(".") + "."
    return FieldFault(at, detail, _fix(kind, found.get("ctx", {})), where)


def _fix(kind: str, context: Mapping[str, Any]) -> str:
    template = _FIXES.get(kind)
    if template is None:
        return "See this field in the API document at /docs."
    try:
        return template.format(**context)
    except KeyError:
        return "See this field in the API document at /docs."


def _instead(name: str, parents: Sequence[str | int], model: type[BaseModel]) -> str:
    known: type[BaseModel] | None = model
    for part in parents:
        if known is None or isinstance(part, int):
            continue
        field = known.model_fields.get(part)
        annotation = None if field is None else field.annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        known = next((each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)), None)
    if known is None:
        return "Remove it."
    names = [field.alias or key for key, field in known.model_fields.items()]
    close = get_close_matches(name, names, n=1)
    return f"Remove it; did you mean `{close[0]}`?" if close else "Remove it."
