"""Columns by their names: SQL's lists from the fields of a dataclass, and the dataclass from the rows that come back.

A field is kept in the column of its name; what differs is said once, in ``Columns``. What psycopg2 gives and takes is
turned by the field's type: an array is a tuple or frozenset of plain values, JSON anything deeper, a dataclass or a
struct. Ids, amounts and moments are plain values by whatever name, and pass as they are. SQL itself is the stores'.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from inspect import signature
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, NewType, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from shared.db.transaction import Row

T = TypeVar("T")
Named: TypeAlias = str | Mapping[str, "Named"]
"""A field's column or expression, or those of its own fields where it is kept in several columns."""
_Turn: TypeAlias = Callable[[Any], Any]


class WrongColumns(Exception):
    """Columns and fields do not fit together: one was renamed, forgotten or left over."""


class Columns:
    """In which columns a dataclass or struct is kept: each field in that of its own name, but for ``named``.

    Of a stay with ``Columns(Stay, span={"start": "begins", "end": "ends"}, nights="ends - begins")`` a SELECT lists
    ``stay_id, begins AS "span.start", ends AS "span.end", ends - begins AS "nights"``, and an INSERT
    ``stay_id, begins, ends``: an expression is read and not written.

    Raises:
        WrongColumns: what is named is no field.
    """

    def __init__(self, of: type, /, **named: Named) -> None:
        fields = list(_flat(of, named))
        self._columns = {path: column for path, column, _ in fields}
        self._picks = {path: (attrgetter(path), _turns(kind)) for path, it, kind in fields if it.isidentifier()}
        self.names = ", ".join(self._columns[path] for path in self._picks)
        """For the list of an INSERT or COPY."""
        self.places = ", ".join(f"%({path})s" for path in self._picks)
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
        values = {path: pick(of) for path, (pick, _) in self._picks.items()}
        turned = ((path, turns[1]) for path, (_, turns) in self._picks.items() if turns and values[path] is not None)
        return values | {path: write(values[path]) for path, write in turned}


def rows_into(into: type[T], names: Sequence[str], rows: Iterable[Row]) -> list[T]:
    """Each row, whose columns have these names, as ``into``: by its fields, or a plain value, or a tuple of these.

    Raises:
        WrongColumns: a field has no column, or a column no field.
    """
    return list(map(_maker(into, tuple(names)), rows))  # type: ignore[arg-type]  # each type can be hashed


@cache
def _maker(into: Any, names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    """What makes ``into`` of a row; there are as many as there are statements in the code."""
    if not _has_fields(into):
        wanted = len(get_args(into)) if get_origin(into) is tuple else 1
        if len(names) != wanted:
            raise WrongColumns(f"there is not {wanted} column but {', '.join(names)}")
        return tuple if get_origin(into) is tuple else itemgetter(0)
    kinds, found = _kinds(into), {name.partition(".")[0] for name in names}
    if kinds.keys() != found:
        lacks, left = (", ".join(sorted(each)) or "none" for each in (kinds.keys() - found, found - kinds.keys()))
        raise WrongColumns(f"{into.__name__} is not what came back: fields without a column: {lacks}; others: {left}")
    makers = {field: _field_maker(field, kind, names) for field, kind in kinds.items()}
    turned = [(field, make) for field, make in makers.items() if make]
    by_place = [each.name for each in signature(into).parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    if not turned and by_place == list(names):
        return lambda row: into(*row)
    plain = [(field, names.index(field)) for field, make in makers.items() if not make]
    return lambda row: into(**{field: row[at] for field, at in plain}, **{field: make(row) for field, make in turned})


def _field_maker(field: str, kind: Any, names: tuple[str, ...]) -> _Turn | None:
    """What makes a field of a row, where it is not just its column's value."""
    if field in names:
        turns, at = _turns(kind), names.index(field)
        return turns and (lambda row: None if row[at] is None else turns[0](row[at]))
    places = [place for place, name in enumerate(names) if name.startswith(f"{field}.")]
    make = _maker(_bare(kind), tuple(names[place].removeprefix(f"{field}.") for place in places))
    optional = NoneType in get_args(kind)

    def part(row: Row) -> Any:
        values = [row[place] for place in places]
        return None if optional and all(value is None for value in values) else make(values)

    return part


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
