"""A model of which anything may be missing: what a draft tells of a request is read by the request's own types."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Optional, Union, get_args, get_origin

from pydantic import BaseModel, Field, create_model

from shared.web.models import RequestModel


@cache
def partly(model: type[BaseModel], root: type[BaseModel], ends: str) -> type[Any]:
    """``model`` with every field optional and null, down to its innermost parts.

    ``root`` is what it is of, RequestModel or ReplyModel, ``ends`` what its name ends in.
    """
    fields: dict[str, Any] = {
        name: (
            Optional[_partly(field.rebuild_annotation(), root, ends)],  # noqa: UP045  a value, not an annotation
            Field(default=None, description=field.description),
        )
        for name, field in model.model_fields.items()
    }
    return create_model(f"{model.__name__}{ends}", __base__=root, __doc__=model.__doc__, **fields)


def _partly(annotation: Any, root: type[BaseModel], ends: str) -> Any:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return partly(annotation, root, ends) if issubclass(annotation, RequestModel) else annotation
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(_partly(parts[0], root, ends), *parts[1:])]
    if origin is list:
        return list[_partly(parts[0], root, ends)]  # type: ignore[misc]  # made while running
    if origin in (Union, UnionType):
        return Union[tuple(_partly(part, root, ends) for part in parts)]  # noqa: UP007  a value too
    return annotation
