"""No field of a request brings a phone or identity number into a place where it would be stored and shown in clear.

Each text of a body, and of what names the thing that is written, is looked at, whether anybody thought of it or not.
A field that is for such a number, and whose value is sealed or hashed, says so in its type: NOT_IN_CLEAR. A short code
says TextKind.LABEL there and another system's number TextKind.REFERENCE; any other text is looked at as a sentence.
So is what staff write about a case, sealed or not: whom it concerns reads it, and colleagues do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin

from pydantic import BaseModel

from shared.values.clear_text import PERSONAL, PERSONAL_TO_READ, WITHOUT, TextKind, is_personal
from shared.web.errors import FieldFault
from shared.web.field_faults import Where, pointer


class _NotInClear(Enum):
    MARK = "sealed, hashed or not stored"


class _ReadByOthers(Enum):
    MARK = "sealed, and read by others than who wrote it"


NOT_IN_CLEAR: Final = _NotInClear.MARK
"""In a field's ``Annotated``: whatever it holds, it is sealed, hashed or not stored."""
READ_BY_OTHERS: Final = _ReadByOthers.MARK
"""The same of what staff write of a case: sealed, and still without numbers, for residents and colleagues read it."""

Mark: TypeAlias = TextKind | _NotInClear | _ReadByOthers
_Path: TypeAlias = tuple[str | int, ...]


def faults(model: BaseModel, where: Where) -> tuple[FieldFault, ...]:
    """One for each text that tells somebody's number where it must not."""
    found = _found(model, TextKind.SENTENCE, ())
    return tuple(
        FieldFault(pointer(path), PERSONAL_TO_READ if mark is READ_BY_OTHERS else PERSONAL, WITHOUT, where)
        for path, mark in found
    )


def marks(model: type[BaseModel]) -> Mapping[str, Mark]:
    """The fields of a model that can hold a text, by name, each with its mark; SENTENCE where it has none."""
    return {
        name: _mark(field.annotation, field.metadata)
        for name, field in model.model_fields.items()
        if _holds_text(field.annotation)
    }


@cache
def _looked_at(model: type[BaseModel]) -> tuple[tuple[str, str, Mark], ...]:
    """Name, name in JSON and mark of each field that is to be looked at."""
    return tuple(
        (name, model.model_fields[name].alias or name, mark)
        for name, mark in marks(model).items()
        if mark not in {NOT_IN_CLEAR, TextKind.OURS}
    )


def _found(value: object, mark: Mark, path: _Path) -> Iterator[tuple[_Path, Mark]]:
    kind = mark if isinstance(mark, TextKind) else TextKind.SENTENCE
    if isinstance(value, str):
        if is_personal(kind, value):
            yield path, mark
    elif isinstance(value, BaseModel):
        for name, alias, of_field in _looked_at(type(value)):
            yield from _found(getattr(value, name), of_field, (*path, alias))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            # A key that is a number itself is not repeated: the fault stands where the object does.
            personal = isinstance(key, str) and is_personal(kind, key)
            yield from ((path, mark),) if personal else _found(item, mark, (*path, key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _found(item, mark, (*path, place))


def _holds_text(annotation: Any) -> bool:
    """Whether a value of this type can be, or hold, a text that is none of a closed list."""
    if isinstance(annotation, type) and not get_origin(annotation):
        return issubclass(annotation, str | BaseModel) and not issubclass(annotation, Enum)
    if get_origin(annotation) is Literal:
        return False
    if annotation in {Any, object}:
        return True
    return any(map(_holds_text, get_args(annotation)))


def _mark(annotation: Any, metadata: list[Any]) -> Mark:
    """The first mark on a type or in it."""
    for each in metadata:
        if isinstance(each, Mark):
            return each
    for part in get_args(annotation):
        inner = _mark(part, [*getattr(part, "__metadata__", ())])
        if inner is not TextKind.SENTENCE:
            return inner
    return TextKind.SENTENCE


__all__ = ["NOT_IN_CLEAR", "READ_BY_OTHERS", "faults", "marks"]
