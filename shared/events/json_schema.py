"""The JSON Schema of each event type, from its struct, and whether a newer one still fits who knows an older one. Pure.

Writing the files of schemas/ is deploy.schemas's job: ``python -m deploy.schemas``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

import msgspec

from shared.events.envelope import Event

Schema: TypeAlias = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ROOT: Final = "https://fangzha.example/events"
_DESCRIBES: Final = frozenset({"title", "description", "default", "$id", "$schema", "$defs"})
"""What a schema may say anew without any message being read differently."""


def schema_of(event: type[Event]) -> Schema:
    """The schema of one event's data; ``x-topic`` names the topic that carries it."""
    (inner,), definitions = msgspec.json.schema_components([event], ref_template="#/$defs/{name}")
    own = definitions.pop(cast("str", inner["$ref"]).rpartition("/")[2])
    head: Schema = {
        "$schema": _DIALECT,
        "$id": f"{_ROOT}/{event.TYPE}.json",
        **own,
        "title": event.TYPE,
        "description": inspect.getdoc(event) or "",
        "x-topic": event.TOPIC,
    }
    return head | ({"$defs": definitions} if definitions else {})


def incompatibilities(released: Schema, now: Schema) -> list[str]:
    """What a reader or a writer of the released schema would stumble over, each as a sentence; none if they fit.

    Events of both versions are on a topic together, and services of both versions read them. So a field may be added if
    it may be absent; nothing may go, be renamed, change its type, or change whether it must be there. An enumeration
    may not grow either: who knows only the old values takes a new one for poison.
    """
    return _differences(released, now, _Documents(released, now), "")


class _Documents:
    """Where the references of either side lead."""

    def __init__(self, released: Schema, now: Schema) -> None:
        self._released: Mapping[str, Schema] = released.get("$defs", {})
        self._now: Mapping[str, Schema] = now.get("$defs", {})

    def released(self, schema: Schema) -> Schema:
        return _followed(schema, self._released)

    def now(self, schema: Schema) -> Schema:
        return _followed(schema, self._now)


def _followed(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _differences(released: Schema, now: Schema, documents: _Documents, path: str) -> list[str]:
    released, now = documents.released(released), documents.now(now)
    faults: list[str] = []
    for key in sorted((released.keys() | now.keys()) - _DESCRIBES):
        old, new = released.get(key), now.get(key)
        match key:
            case "properties":
                faults += _field_differences(old or {}, new or {}, documents, path)
            case "required":
                faults += _required_differences(released, now, path)
            case "items" | "additionalProperties" if isinstance(old, dict) and isinstance(new, dict):
                faults += _differences(old, new, documents, f"{path}[]")
            case "anyOf" if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
                for each_old, each_new in zip(old, new, strict=True):
                    faults += _differences(each_old, each_new, documents, path)
            case _ if old != new:
                faults.append(f"{path or 'the event'}: {key} was {old!r} and is {new!r}")
            case _:
                pass
    return faults


def _field_differences(old: Schema, new: Schema, documents: _Documents, path: str) -> list[str]:
    faults = [f"{path}.{name} is gone" for name in sorted(old.keys() - new.keys())]
    for name in sorted(old.keys() & new.keys()):
        faults += _differences(old[name], new[name], documents, f"{path}.{name}")
    return faults


def _required_differences(released: Schema, now: Schema, path: str) -> list[str]:
    old, new = set(released.get("required", ())), set(now.get("required", ()))
    known = set(released.get("properties", {}))
    added = [f"{path}.{name} must be there now" for name in sorted(new - old)]
    return added + [f"{path}.{name} may be absent now" for name in sorted((old - new) & known)]
