"""The same fields in another shape: an event of a policy, a claim of what was filed, a view of a row.

A field comes from the attribute of its name; what differs is said beside it. Columns are shared.db.columns'.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")


class WrongShape(TypeError):
    """A field that neither the source nor what is said beside it has, or one too many."""


def reshape(source: object, into: type[T], /, **others: Any) -> T:
    """``source`` as a dataclass or struct; ``others`` win, and shapes inside follow by themselves.

    Raises:
        WrongShape: by ``fields_of``.
        msgspec.ValidationError: a value is of another type.
    """
    return msgspec.convert(fields_of(source, into, _names(into), others), into, from_attributes=True)


def fields_of(source: object, into: type, names: Collection[str], others: dict[str, Any]) -> dict[str, Any]:
    """The fields of ``into`` by their ``names``.

    Raises:
        WrongShape: ``source`` lacks one, also one with a default; or one of ``others`` is none.
    """
    try:
        taken = {name: getattr(source, name) for name in names if name not in others}
    except AttributeError as error:
        raise WrongShape(f"{into.__name__}.{error.name} is no field of {type(source).__name__}") from error
    if len(taken) + len(others) > len(names):
        unknown = ", ".join(sorted(others.keys() - set(names)))
        raise WrongShape(f"{into.__name__} has no field {unknown}")
    return taken | others


def _names(of: Any) -> tuple[str, ...]:
    if of not in _NAMES:
        struct = issubclass(of, msgspec.Struct)
        _NAMES[of] = of.__struct_fields__ if struct else tuple(field.name for field in dataclasses.fields(of))
    return _NAMES[of]


_NAMES: Final[dict[type, tuple[str, ...]]] = {}
