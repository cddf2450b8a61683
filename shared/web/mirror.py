"""Makes models of HTTP from structs: types, defaults and docstrings are the structs', limits those of a table by field.

What a model says beside its struct is its own module's to declare.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from types import NoneType
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo
from pydantic import BaseModel, Field, create_model

from shared.values.clear_text import TextKind
from shared.web.models import RequestModel

M = TypeVar("M", bound=BaseModel)

_WORDS: Final = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern", "description")
_ANNOTATED: Final[Any] = Annotated


class Mirror:
    """Makes the model of each struct once.

    Args:
        limits: by the fields' names; ``points/*`` are the entries of ``points``, ``*`` the keys of any object. A text
            with a pattern is a label (shared.values.clear_text).
        names: what the models of nested structs are called.
    """

    def __init__(self, limits: Mapping[str, Meta], names: Mapping[type[msgspec.Struct], str]) -> None:
        self._limits = limits
        self._names = names
        self._made: dict[type[msgspec.Struct], type[BaseModel]] = {}

    def of(self, struct: type[msgspec.Struct], *, without: Collection[str] = ()) -> Callable[[type[M]], type[M]]:
        """Gives the decorated model the fields of ``struct``, but those that it declares itself."""

        def add(model: type[M]) -> type[M]:
            fields = self._fields(struct, without={*without, *model.model_fields})
            return create_model(
                model.__name__, __base__=model, __doc__=model.__doc__, __module__=model.__module__, **fields
            )

        return add

    def _model(self, struct: type[msgspec.Struct]) -> type[BaseModel]:
        if struct not in self._made:
            about, fields = _markdown(struct.__doc__ or ""), self._fields(struct)
            self._made[struct] = create_model(
                self._names[struct], __base__=RequestModel, __doc__=about, __module__=struct.__module__, **fields
            )
        return self._made[struct]

    def _fields(self, struct: type[msgspec.Struct], *, without: Collection[str] = ()) -> dict[str, Any]:
        texts = _texts(struct)
        return {
            each.name: (self._type(each.type, each.name), _field(each, texts))
            for each in msgspec.structs.fields(struct)
            if each.name not in without
        }

    def _type(self, told: Any, name: str) -> Any:
        origin, parts = get_origin(told), get_args(told)
        if NoneType in parts:
            return self._type(next(part for part in parts if part is not NoneType), name) | None
        if origin is list:
            told = origin[self._type(parts[0], f"{name}/*")]
        elif origin is dict:
            told = origin[self._type(parts[0], "*"), self._type(parts[1], f"{name}/*")]
        elif isinstance(told, type) and issubclass(told, msgspec.Struct):
            told = self._model(told)
        limit = self._limits.get(name)
        return told if limit is None else _ANNOTATED[told, *_metadata(limit)]


def _metadata(limit: Meta) -> tuple[object, ...]:
    said: dict[str, Any] = {word: getattr(limit, word) for word in _WORDS if getattr(limit, word) is not None}
    return (Field(**said), TextKind.LABEL) if limit.pattern else (Field(**said),)


def _field(told: FieldInfo, texts: Mapping[str, str]) -> Any:
    # Only what is said: a description that is None would hide the limit's.
    said: dict[str, Any] = {"description": texts[told.name]} if told.name in texts else {}
    if told.default_factory is not NODEFAULT:
        return Field(default_factory=told.default_factory, **said)
    return Field(... if told.default is NODEFAULT else told.default, **said)


def _texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The docstrings below the fields, which Python itself does not keep."""
    (definition,) = ast.parse(inspect.getsource(struct)).body
    found = {}
    for pair in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _markdown(text)
            case _:
                pass
    return found


def _markdown(docstring: str) -> str:
    return inspect.cleandoc(docstring).replace("``", "`")
