"""What a Parquet file's pages will take once they are read, told by their own headers before any of them is.

The footer is the sender's word, and pyarrow makes room for whatever a page says of itself. So the headers are walked as
pyarrow will walk them, by the layout of parquet.thrift in Thrift's compact protocol; what is in the pages stays unread.
pyarrow is not asked for what the footer says of a column: where that is damaged, its answer may be to end the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, TypeAlias

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.intake.lines import LONGEST_LINE

MOST_IN_PAGES: Final = 64 * 1024**2
"""Bytes of the largest pages of all columns together, once decompressed: pyarrow holds one of each. Writers make pages
of 1 MiB; some put a column's 122,880 rows into one, some 30 MiB for all columns of ours."""
MOST_IN_DICTIONARIES: Final = 16 * 1024**2
"""Bytes likewise. Writers give a dictionary up at 1 MiB; to look a text up in it takes up to four times its size."""

_HEADER_BYTES: Final = 64 * 1024
"""Of one page header, which may hold its page's least and greatest text."""
_SHORTEST_TEXT: Final = 4
"""Bytes: the length before an empty one."""
_LEVELS: Final = 64
"""Bytes of a page that are no values: it says too in which rows there are none."""
_BEYOND_END: Final = 100
"""Bytes that pyarrow reads after the end of a column where the file says that an old writer counted too few."""
_DAMAGED: Final = "Send the file again, whole."

_LONG_LIST: Final = 0xF0
"""Beside its type, a list's first byte holds its length where that is less than 15."""
_DATA, _INDEX, _DICTIONARY, _DATA_2 = range(4)
"""PageType."""
_PLAIN, _PLAIN_DICTIONARY, _RLE_DICTIONARY = 0, 2, 8
"""Encoding. All others make much of little, or few write them."""
_BY_DICTIONARY: Final = frozenset({_PLAIN_DICTIONARY, _RLE_DICTIONARY})
_LONGEST_NUMBER: Final = 64
"""Bits."""
_FOOTER_END: Final = 8
"""Bytes after the footer: its length and a magic word."""
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
"""Thrift's types."""
_ELEMENTS: Final[dict[tuple[int, ...], int]] = {
    (2,): _STRUCT,  # schema
    (4,): _STRUCT,  # row groups
    (4, 1): _STRUCT,  # columns
    (4, 1, 3, 2): _I32,  # encodings
    (4, 1, 3, 3): _BINARY,  # path in the schema
    (4, 1, 3, 8): _STRUCT,  # keys and values of a column
    (4, 1, 3, 13): _STRUCT,  # how many pages are in which encoding
    (4, 1, 3, 16, 2): _I64,  # repetition levels
    (4, 1, 3, 16, 3): _I64,  # definition levels
    (4, 1, 3, 17, 2): _I32,  # geospatial types
    (4, 1, 8, 2, 1): _BINARY,  # path in the schema, of an encrypted column
    (4, 4): _STRUCT,  # sorting columns
    (5,): _STRUCT,  # keys and values
    (7,): _STRUCT,  # column orders
}
"""Of a footer's lists, by the fields that lead to each. pyarrow reads these as such, whatever a list says of itself."""
_Fields: TypeAlias = "dict[tuple[int, int], Any]"
"""By number and type: pyarrow skips a field that has another type than its own."""
_BROKEN: Final = (IndexError, KeyError, TypeError, RecursionError)
"""What reading a damaged struct ends with."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One column in one row group, as the footer has it: where its pages lie, and how many values they hold."""

    values: int
    size: int
    """Bytes of all its pages as they are stored."""
    data: int
    """Where its first page of data begins."""
    dictionary: int | None
    """Where its dictionary does."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's header says."""

    kind: int
    size: int
    """Bytes once it is decompressed."""
    values: int
    encoding: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Of one column in one row group: ``entries`` are those of its dictionary, None where it has none."""

    largest: int = 0
    dictionary: int = 0
    entries: int | None = None


def chunks_of(file: IO[bytes]) -> list[list[Chunk]]:
    """Those of each row group of a file that pyarrow could open.

    Raises:
        UnreadableFile: its footer is damaged.
    """
    end = file.seek(-_FOOTER_END, os.SEEK_END)
    length = int.from_bytes(file.read(_FOOTER_END)[:4], "little")
    file.seek(max(0, end - length))
    try:
        footer = _Compact(file.read(length)).struct()
        return [[_chunk(column[3, _STRUCT]) for column in group[1, _LIST]] for group in footer[4, _LIST]]
    except _BROKEN:
        raise UnreadableFile("Its footer is damaged.", _DAMAGED) from None


def _chunk(fields: _Fields) -> Chunk:
    return Chunk(values=fields[5, _I64], size=fields[7, _I64], data=fields[9, _I64], dictionary=fields.get((11, _I64)))


def check_pages(file: IO[bytes], group: list[Chunk], names: tuple[str, ...]) -> list[Pages]:
    """The pages of each column of ``group``, a row group.

    Raises:
        UnreadableFile: they would take more memory than a file of subscribers, or are damaged.
    """
    if len(group) != len(names):
        raise UnreadableFile("Its footer is damaged.", _DAMAGED)
    found = [_pages(file, chunk, name) for chunk, name in zip(group, names, strict=True)]
    if sum(pages.largest for pages in found) > MOST_IN_PAGES:
        raise _too_large("pages", MOST_IN_PAGES)
    if sum(pages.dictionary for pages in found) > MOST_IN_DICTIONARIES:
        raise _too_large("dictionaries", MOST_IN_DICTIONARIES)
    return found


def _pages(file: IO[bytes], chunk: Chunk, name: str) -> Pages:
    pages = list(_headers(file, chunk, name))
    dictionary = pages[0] if pages and pages[0].kind == _DICTIONARY else None
    if dictionary is not None and dictionary.values * _SHORTEST_TEXT > dictionary.size:
        raise _damaged(name)
    data = [page for page in pages if page.kind in {_DATA, _DATA_2}]
    # A dictionary is used from the first page on or not at all, so the first row tells what is in it.
    used = [page.encoding in _BY_DICTIONARY for page in data]
    if sum(page.kind == _DICTIONARY for page in pages) != (dictionary is not None) or used != sorted(used)[::-1]:
        raise _damaged(name)
    if data and used[0] != (dictionary is not None):
        raise _damaged(name)
    for page in data:
        _check(page, name)
    return Pages(
        largest=max((page.size for page in data), default=0),
        dictionary=0 if dictionary is None else dictionary.size,
        entries=None if dictionary is None else dictionary.values,
    )


def _check(page: Page, name: str) -> None:
    if page.encoding not in _BY_DICTIONARY | {_PLAIN}:
        raise UnreadableFile(
            f"Its column {name} is in an encoding that is not read.",
            "Write it in the plain or the dictionary encoding, without delta encodings.",
        )
    if page.size > page.values * LONGEST_LINE + _LEVELS:
        raise UnreadableFile(
            f"Its column {name} has a text of more than {LONGEST_LINE} bytes.",
            "Send one subscriber's data in each row.",
        )


def _headers(file: IO[bytes], chunk: Chunk, name: str) -> Iterator[Page]:
    """Each page's, from where pyarrow begins to where it ends."""
    place, first = chunk.data, chunk.dictionary
    if first is not None and 0 < first < place:
        place = first
    end = place + chunk.size + _BEYOND_END
    values = 0
    while place < end and values < chunk.values:
        file.seek(place)
        header = _Compact(file.read(_HEADER_BYTES))
        try:
            fields = header.struct()
            page, stored = _page(fields)
        except _BROKEN:
            raise _damaged(name) from None
        if min(page.size, page.values, stored) < 0:
            raise _damaged(name)
        yield page
        if page.kind in {_DATA, _DATA_2}:
            values += page.values
        place += header.place + stored


def _page(fields: _Fields) -> tuple[Page, int]:
    """A page by its header's fields, and how many bytes of the file it takes."""
    kind, size, stored = fields[1, _I32], fields[2, _I32], fields[3, _I32]
    own = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}.get(kind)
    if own is None:
        return Page(kind, size, 0, 0), stored
    said = fields[own, _STRUCT]
    return Page(kind, size, said[1, _I32], said[4 if kind == _DATA_2 else 2, _I32]), stored


class _Compact:
    """Reads a struct of Thrift's compact protocol: numbers, structs and lists; texts are skipped.

    Raises IndexError where it ends too early, and KeyError where pyarrow may read it otherwise: where a type is not
    known or not the one of a list's elements, a field comes twice, or a number is larger than its type.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, path: tuple[int, ...] = ()) -> _Fields:
        found: _Fields = {}
        field = 0
        while head := self._byte():
            field = _in_bits(field + (head >> 4), 16) if head >> 4 else self._number(16)
            kind = head & 0x0F
            if (field, kind) in found:
                raise KeyError(field)
            found[field, kind] = self._value(kind, (*path, field))
        return found

    def _value(self, kind: int, path: tuple[int, ...]) -> Any:  # noqa: PLR0911  # one for each type
        match kind:
            case 1 | 2:  # a truth value, which is in its type
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._number(8 << (kind - 3))
            case 7:
                return self._skip(8)
            case 8:
                return self._skip(self._varint())
            case 9 | 10:
                return self._list(path)
            case 12:
                return self.struct(path)
            case _:
                raise KeyError(kind)

    def _list(self, path: tuple[int, ...]) -> list[Any]:
        head = self._byte()
        kind = head & 0x0F
        length = self._varint() if head >= _LONG_LIST else head >> 4
        if length and _ELEMENTS.get(path, kind) != kind:
            raise KeyError(kind)
        if length > len(self._data):
            raise IndexError
        return [self._byte() if kind in {1, 2} else self._value(kind, path) for _ in range(length)]

    def _byte(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004  # the last one
                return number
            if shift > _LONGEST_NUMBER:
                raise KeyError(shift)

    def _number(self, bits: int) -> int:
        """Zigzag: 0, -1, 1, -2 and so on."""
        number = self._varint()
        return _in_bits((number >> 1) ^ -(number & 1), bits)

    def _skip(self, length: int) -> None:
        self.place += length
        if self.place > len(self._data):
            raise IndexError


def _in_bits(number: int, bits: int) -> int:
    most = 1 << (bits - 1)
    if not -most <= number < most:
        raise KeyError(bits)
    return number


def _too_large(what: str, most: int) -> UnreadableFile:
    return UnreadableFile(
        f"Its {what} have more than {most // 1024**2} MiB.", "Write pages and dictionaries of 1 MiB, as is usual."
    )


def _damaged(name: str) -> UnreadableFile:
    return UnreadableFile(f"Its column {name} is damaged.", _DAMAGED)
