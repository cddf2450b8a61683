"""What a Parquet file's pages will take once they are read, told by their own headers before any of them is.

The footer is the sender's word, and pyarrow makes room for whatever a page says of itself. So the headers are walked as
pyarrow will walk them, by the layout of parquet.thrift in Thrift's compact protocol; what is in the pages stays unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from services.enrollment.domain.errors import UnreadableFile
from services.enrollment.intake.lines import LONGEST_LINE

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


def check_pages(file: IO[bytes], group: Any, names: tuple[str, ...]) -> list[Pages]:
    """The pages of each column of ``group``, pyarrow's metadata of a row group.

    Raises:
        UnreadableFile: they would take more memory than a file of subscribers, or are damaged.
    """
    found = [_pages(file, group.column(place), name) for place, name in enumerate(names)]
    if sum(pages.largest for pages in found) > MOST_IN_PAGES:
        raise _too_large("pages", MOST_IN_PAGES)
    if sum(pages.dictionary for pages in found) > MOST_IN_DICTIONARIES:
        raise _too_large("dictionaries", MOST_IN_DICTIONARIES)
    return found


def _pages(file: IO[bytes], chunk: Any, name: str) -> Pages:
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


def _headers(file: IO[bytes], chunk: Any, name: str) -> Iterator[Page]:
    """Each page's, from where pyarrow begins to where it ends."""
    place, first = chunk.data_page_offset, chunk.dictionary_page_offset
    if first is not None and 0 < first < place:
        place = first
    end = place + chunk.total_compressed_size + _BEYOND_END
    values = 0
    while place < end and values < chunk.num_values:
        file.seek(place)
        header = _Compact(file.read(_HEADER_BYTES))
        try:
            fields = header.struct()
            page, stored = _page(fields)
        except (IndexError, KeyError, TypeError, RecursionError):
            raise _damaged(name) from None
        if min(page.size, page.values, stored) < 0:
            raise _damaged(name)
        yield page
        if page.kind in {_DATA, _DATA_2}:
            values += page.values
        place += header.place + stored


def _page(fields: dict[int, Any]) -> tuple[Page, int]:
    """A page by its header's fields, and how many bytes of the file it takes."""
    kind = fields[1]
    own = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}.get(kind)
    if own is None:
        return Page(kind, fields[2], 0, 0), fields[3]
    said = fields[own]
    encoding = said[4] if kind == _DATA_2 else said[2]
    return Page(kind, int(fields[2]), int(said[1]), int(encoding)), int(fields[3])


class _Compact:
    """Reads a struct of Thrift's compact protocol: numbers and structs by the numbers of their fields, texts skipped.

    Raises IndexError where it ends too early, KeyError where a type is not known.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._number()
            found[field] = self._value(head & 0x0F)
        return found

    def _value(self, kind: int) -> Any:  # noqa: PLR0911  # one for each type
        match kind:
            case 1 | 2:  # a truth value, which is in its type
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._number()
            case 7:
                return self._skip(8)
            case 8:
                return self._skip(self._varint())
            case 9 | 10:
                return self._list()
            case 12:
                return self.struct()
            case _:
                raise KeyError(kind)

    def _list(self) -> list[Any]:
        head = self._byte()
        length = self._varint() if head >= _LONG_LIST else head >> 4
        if length > len(self._data):
            raise IndexError
        return [self._byte() if head & 0x0F in {1, 2} else self._value(head & 0x0F) for _ in range(length)]

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

    def _number(self) -> int:
        """Zigzag: 0, -1, 1, -2 and so on."""
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _skip(self, length: int) -> None:
        self.place += length
        if self.place > len(self._data):
            raise IndexError


def _too_large(what: str, most: int) -> UnreadableFile:
    return UnreadableFile(
        f"Its {what} have more than {most // 1024**2} MiB.", "Write pages and dictionaries of 1 MiB, as is usual."
    )


def _damaged(name: str) -> UnreadableFile:
    return UnreadableFile(f"Its column {name} is damaged.", _DAMAGED)
