"""Columns by their names: SQL's lists from the fields of a dataclass, and the dataclass from the rows that come back.

A field is kept in the column of its name; what differs is said once, in ``Columns``. What psycopg2 gives and takes is
turned by the field's type: an array is a tuple or frozenset of plain values, JSON anything deeper, a dataclass or a
struct. Ids, amounts and moments are plain values by whatever name, and pass as they are. SQL itself is the stores'.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from inspect import signature
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, Final, NewType, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from shared.db.transaction import Row

T = TypeVar("T")
Named: TypeAlias = str | Mapping[str, "Named"]
"""A field's column or expression, or those of its own fields where it is kept in several columns."""
_Turn: TypeAlias = Callable[[Any], Any]


class WrongColumns(Exception):
    """Columns and fields do not fit together: one was renamed, forgotten, left over or given twice."""


class Columns:
    """In which columns a dataclass or struct is kept: each field in that of its own name, but for ``named``.

    Of a stay with ``Columns(Stay, span={"start": "begins", "end": "ends"}, nights="ends - begins")`` a SELECT lists
    ``stay_id, begins AS "span.start", ends AS "span.end", ends - begins AS "nights"``, and an INSERT
    ``stay_id, begins, ends``: an expression is read and not written.

    What is named and no field is ``WrongColumns``.
    """

    def __init__(self, of: type, /, **named: Named) -> None:
        fields = list(_flat(of, named))
        self._columns = {path: column for path, column, _ in fields}
        kinds = {path: kind for path, column, kind in fields if column.isidentifier()}
        self._picks = [(path, attrgetter(path)) for path in kinds]
        self._turned = [(path, turns[1]) for path, kind in kinds.items() if (turns := _turns(kind))]
        self._bytes = [self._columns[path] for path, kind in kinds.items() if _bare(kind) is bytes]
        self.names = ", ".join(self._columns[path] for path in kinds)
        """For the list of an INSERT or COPY."""
        self.places = places(kinds)
        """For its VALUES, which ``values`` fills."""

    def __str__(self) -> str:
        return self.of("")

    def of(self, table: str) -> str:
        """For the list of a SELECT or RETURNING; ``table`` is the alias of the one that has them."""
        dot = f"{table}." if table else ""
        listed = ((path, f"{dot}{it}" if it.isidentifier() else it) for path, it in self._columns.items())
        return ", ".join(column if column == f"{dot}{path}" else f'{column} AS "{path}"' for path, column in listed)

    def values(self, of: object) -> dict[str, Any]:
        """Parameters of an INSERT; for ``insert_many`` a row is their values."""
        values = {path: pick(of) for path, pick in self._picks}
        for path, write in self._turned:
            values[path] = None if values[path] is None else write(values[path])
        return values

    def rows(self, table: str) -> str:
        """A SELECT of ``names`` from rows of ``table`` as ``json`` gives them, in its one parameter.

        For many rows at once: of a wide row, parameters cost ten times what its JSON does.
        """
        return f"SELECT {self.names} FROM json_populate_recordset(NULL::{table}, %s)"

    def json(self, of: Iterable[object]) -> str:
        """What ``rows`` reads. Arrays, JSON, moments and bytes alike come out as ``values`` would have them written."""
        rows = [{self._columns[path]: pick(each) for path, pick in self._picks} for each in of]
        if self._bytes:
            for row in rows:
                for column in self._bytes:
                    row[column] = None if row[column] is None else f"\\x{row[column].hex()}"
        return msgspec.json.encode(rows).decode()


def places(names: Iterable[str]) -> str:
    """The parameters of these names, for the VALUES of an INSERT."""
    return ", ".join(f"%({name})s" for name in names)


def rows_into(into: type[T], sql: str, names: Callable[[], Iterable[str]], rows: Iterable[Row]) -> list[T]:
    """Each row as ``into``: by its fields, a plain value, a tuple of these, or a dict.

    A field without a column, or a column without a field, is ``WrongColumns``, also where there is no row. ``names``
    are those of the columns that came back, asked for once: a statement always gives the same.
    """
    make = _MAKERS.get((into, sql))
    if make is None:
        make = _MAKERS[into, sql] = _maker(into, tuple(names()))
    return list(map(make, rows))


_MAKERS: Final[dict[tuple[Any, str], _Turn]] = {}
"""As many as there are statements in the code."""


def _maker(into: Any, names: tuple[str, ...]) -> _Turn:
    """What makes ``into`` of a row."""
    if get_origin(into) is dict:
        return lambda row: dict(zip(names, row, strict=True))
    if not _has_fields(into):
        wanted = len(get_args(into)) if get_origin(into) is tuple else 1
        if len(names) != wanted:
            raise WrongColumns(f"there is not {wanted} column but {', '.join(names)}")
        return tuple if get_origin(into) is tuple else itemgetter(0)
    kinds, found = _kinds(into), {name.partition(".")[0] for name in names}
    if (unlike := kinds.keys() ^ found) or len(set(names)) < len(names):
        differ = ", ".join(sorted(unlike)) or "a name given twice"
        raise WrongColumns(f"{into.__name__} and what came back differ by {differ}; the columns: {', '.join(names)}")
    getters = {field: _getter(field, kind, names) for field, kind in kinds.items()}
    by_keyword = any(each.kind is each.KEYWORD_ONLY for each in signature(into).parameters.values())
    if by_keyword:
        return lambda row: into(**{field: get(row) for field, get in getters.items()})
    if list(kinds) == list(names) and all(isinstance(get, itemgetter) for get in getters.values()):
        return lambda row: into(*row)
    in_order = list(getters.values())
    return lambda row: into(*[get(row) for get in in_order])


def _getter(field: str, kind: Any, names: tuple[str, ...]) -> _Turn:
    """What makes a field of a row: its column's value, turned or not, or a part of several columns."""
    if field in names:
        turns, at = _turns(kind), names.index(field)
        return (lambda row: None if row[at] is None else turns[0](row[at])) if turns else itemgetter(at)
    places = [place for place, name in enumerate(names) if name.startswith(f"{field}.")]
    make = _maker(_bare(kind), tuple(names[place].removeprefix(f"{field}.") for place in places))
    together = places[-1] - places[0] == len(places) - 1
    pick = itemgetter(slice(places[0], places[-1] + 1)) if together else itemgetter(*places)
    if NoneType not in get_args(kind):
        return lambda row: make(pick(row))
    return lambda row: None if all(value is None for value in pick(row)) else make(pick(row))


def _flat(of: type, named: Mapping[str, Named], head: str = "") -> Iterator[tuple[str, str, Any]]:
    """Of each column the path of its field, itself, and the field's type."""
    kinds = _kinds(of)
    if unknown := named.keys() - kinds.keys():
        raise WrongColumns(f"{of.__name__} has no field {', '.join(sorted(unknown))}")
    for field, kind in kinds.items():
        column = named.get(field, field)
        if isinstance(column, str):
            yield head + field, column, kind
        else:
            yield from _flat(_bare(kind), column, f"{head}{field}.")


def _kinds(of: Any) -> dict[str, Any]:
    """The type of each field, in their order."""
    hints = get_type_hints(of)
    return {name: hints[name] for name in signature(of).parameters}


def _has_fields(kind: Any) -> bool:
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct))


def _bare(kind: Any) -> Any:
    """The type without ``| None``, and what a NewType is in truth."""
    kind = kind.__supertype__ if isinstance(kind, NewType) else kind
    given = [each for each in get_args(kind) if each is not NoneType]
    return _bare(given[0]) if NoneType in get_args(kind) and len(given) == 1 else kind


def _turns(kind: Any) -> tuple[_Turn, _Turn] | None:
    """How a value that is not plain is read and written."""
    bare = _bare(kind)
    listed = get_origin(bare) in (tuple, frozenset)
    if listed and not any(_turns(each) for each in get_args(bare)):
        return bare, list
    if listed or _has_fields(bare) or get_origin(bare) in (dict, Mapping):
        return partial(msgspec.convert, type=bare), lambda value: msgspec.json.encode(value).decode()
    return None
