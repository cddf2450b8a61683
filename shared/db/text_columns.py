"""Every column that can hold text, by the catalog, and what it holds by its comment; searched for personal numbers.

A new column is found by itself, and one whose comment names no kind of clear_text is a fault. The server looks first,
by one pattern over all columns of a table, and what it lets through is judged here, by the rules that judge requests:
so what was accepted is found by neither.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.db.transaction import Row, Tx
from shared.values.clear_text import BytesKind, TextKind, is_personal
from shared.values.personal_numbers import ANY_DIGIT, MOBILE, stands_alone_in

_COLUMNS: Final = """
SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       coalesce(col_description(c.oid, a.attnum), '') AS said
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND (coalesce(e.typcategory, t.typcategory) = 'S'
       OR coalesce(e.typname, t.typname) IN ('json', 'jsonb', 'xml', 'bytea', 'hstore'))
ORDER BY c.relname, a.attnum"""

# Of a text in ASCII, one of the numbers without what is between its digits; of any other, eleven digits with hardly
# anything between them. A regular expression is what a search costs, so there is one for a text.
_ELEVEN: Final = f"[{ANY_DIGIT}]([^0-9A-Za-z]{{0,3}}[{ANY_DIGIT}]){{10}}"
_IDENTITY: Final = "[0-9]{17}[0-9Xx]"
_NUMBERS: Final = {TextKind.REFERENCE: f"^((00)?86)?{MOBILE}$|{_IDENTITY}"}
_NUMBER: Final = f"{MOBILE}|{_IDENTITY}"
_SEARCH: Final = 'DECLARE found NO SCROLL CURSOR FOR SELECT ctid::text, {columns} FROM "{table}" WHERE {suspicious}'
_SUSPICIOUS: Final = """
(octet_length({text}) >= 11
 AND CASE WHEN octet_length({text}) = length({text}) THEN regexp_replace({text}, '[^0-9A-Za-z]', '', 'g') ~ '{number}'
          ELSE {text} ~ '{eleven}' END)"""
_CELL: Final = re.compile('[,"\r\n]+')
_ROWS_AT_ONCE: Final = 200
"""An event of a thousand policies has 160 kB."""

KINDS: Final = frozenset({*TextKind, *BytesKind})


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column, and what its comment says of it."""

    table: str
    name: str
    type: str
    said: str

    @property
    def is_searched(self) -> bool:
        return self.said in set(TextKind) or self.said == BytesKind.GZIP

    @property
    def as_text(self) -> str:
        """Its value as one text, in SQL; NULL where it is gzipped, which only we can read."""
        if self.type.endswith("[]"):
            return f"array_to_string(\"{self.name}\", E'\\n')"
        return f'"{self.name}"::text'

    def holds_number(self, value: str) -> bool:
        if self.said == TextKind.JSON:
            return any(is_personal(TextKind.JSON, text) for text in _texts(json.loads(value)))
        return any(is_personal(TextKind(self.said), text) for text in value.split("\n"))


def columns(tx: Tx) -> list[TextColumn]:
    """All of this database, by table."""
    return tx.all(_COLUMNS, into=TextColumn)


def without_kind(tx: Tx) -> list[str]:
    """One sentence for each column that does not say what it holds."""
    return [
        f"{each.table}.{each.name} does not say in its comment what it holds: one of {', '.join(sorted(KINDS))}"
        for each in columns(tx)
        if each.said not in KINDS
    ]


def personal_numbers(tx: Tx) -> list[str]:
    """One sentence for each column in which a phone or identity number stands in clear. Reads every row of all tables.

    A sentence names the column, how many rows, and the first one by its ctid: a key may be the number itself.
    """
    faults = []
    by_table: dict[str, list[TextColumn]] = {}
    for column in columns(tx):
        if column.is_searched:
            by_table.setdefault(column.table, []).append(column)
    for table, searched in by_table.items():
        rows: Counter[str] = Counter()
        first: dict[str, str] = {}
        for ctid, name in _found(tx, table, searched):
            rows[name] += 1
            first.setdefault(name, ctid)
        faults += [
            f"{table}.{name} holds what looks like a phone or identity number in {count} rows, first at {first[name]}"
            for name, count in rows.items()
        ]
    return faults


def _found(tx: Tx, table: str, searched: list[TextColumn]) -> Iterator[tuple[str, str]]:
    """The ctid and the column of each value that holds a number."""
    packed = [each for each in searched if each.said == BytesKind.GZIP]
    clear = [each for each in searched if each not in packed]
    if clear:
        suspicious = " OR ".join(map(_suspicious, clear))
        for ctid, *values in _pages(tx, table, ", ".join(each.as_text for each in clear), suspicious):
            for column, value in zip(clear, values, strict=True):
                if value is not None and column.holds_number(value):
                    yield ctid, column.name
    for column in packed:
        for ctid, value in _pages(tx, table, f'"{column.name}"', f'"{column.name}" IS NOT NULL'):
            text = gzip.decompress(value).decode()
            if stands_alone_in(text) and any(is_personal(TextKind.JSON, cell) for cell in _CELL.split(text)):
                yield ctid, column.name


def _pages(tx: Tx, table: str, selected: str, where: str) -> Iterator[Row]:
    tx.execute(_SEARCH.format(table=table, columns=selected, suspicious=where))
    while page := tx.all(f"FETCH {_ROWS_AT_ONCE} FROM found"):
        yield from page
    tx.execute("CLOSE found")


def _suspicious(column: TextColumn) -> str:
    number = _NUMBERS.get(TextKind(column.said), _NUMBER)
    return _SUSPICIOUS.format(text=column.as_text, eleven=_ELEVEN, number=number)


def _texts(value: object) -> Iterator[str]:
    """Every text of a JSON document, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
