"""A CSV or Parquet file of strangers as columns in memory: read once, in parts, each cell kept as a code or a number.

What its columns mean for a model is ``kinds``'s.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.foreign.spec import Unfit
from services.fraud_detection.models.foreign.values import MISSING, day, number

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

PART: Final = 20_000
MOST_ROWS: Final = 5_000_000
MOST_COLUMNS: Final = 2_000
MOST_CELL: Final = 1 << 17
MOST_WORDS: Final = 5_000
"""Different values from which on a column of numbers or dates is kept as numbers alone: a text takes ten times that."""
MOST_TEXTS: Final = 200_000
"""Different texts of one column that are kept apart (about 20 MB); beyond, it is free text and not learned from."""
_ENCODINGS: Final = ("utf-8-sig", "gb18030")


@dataclass(slots=True)
class TableColumn:
    """One column: ``codes`` into ``words`` (-1 is missing), or ``numbers`` (NaN is missing), or neither: free text.

    ``dates`` says that the numbers are days since 1970.
    """

    name: str
    words: list[str] = field(default_factory=list)
    codes: Codes | None = None
    numbers: Floats | None = None
    dates: bool = False
    odd: int = 0
    """Cells that are neither a number nor missing, in a column of numbers."""


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """``read_as`` says how the file was understood, e.g. ``CSV, utf-8, separator ,``."""

    columns: dict[str, TableColumn]
    rows: int
    read_as: str
    notes: tuple[str, ...]

    def column(self, role: str, name: str) -> TableColumn:
        """The column of that name, which the spec names as ``role``."""
        found = self.columns.get(name)
        if found is None:
            near = [each for each in self.columns if each.strip().lower() == name.strip().lower()]
            listed = ", ".join(list(self.columns)[:40])
            fix = f"Write {near[0]}" if near else f"Columns are {listed}"
            raise Unfit(role, f"names {name!r}, which is no column of the table", fix)
        return found


def read_table(path: Path) -> ForeignTable:
    """The table of a file, CSV (UTF-8, UTF-16 or GB18030, plain or gzip) or Parquet, told apart by what it holds.

    Raises:
        Unfit: it is empty, cannot be read, or its heading or a line of it makes no table.
    """
    try:
        with path.open("rb") as file:
            first = file.read(4)
    except OSError as error:
        raise Unfit("--data", f"{path} cannot be read ({error.strerror})", "Name a file that is there") from None
    if not first:
        raise Unfit("--data", f"{path} is empty", "Give a heading and rows")
    if first == b"PAR1":
        return _parquet(path)
    if first[:2] == b"PK":
        raise Unfit("--data", f"{path} is a spreadsheet or a zip file", "Save it as CSV UTF-8")
    encodings = ("utf-16",) if first[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS
    for encoding in encodings:
        try:
            return _csv(path, encoding, zipped=first[:2] == b"\x1f\x8b")
        except UnicodeError:
            continue
        except (OSError, EOFError) as error:
            raise Unfit("--data", f"{path} cannot be read ({error})", "Write the file anew") from None
    raise Unfit("--data", f"{path} is neither UTF-8 nor GB18030", "Save it as CSV UTF-8")


def _csv(path: Path, encoding: str, *, zipped: bool) -> ForeignTable:
    opened: IO[bytes] = gzip.open(path) if zipped else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
    csv.field_size_limit(MOST_CELL)
    with opened, io.TextIOWrapper(opened, encoding, newline="") as text:
        head = text.readline()
        while head and not head.strip(" ,;\t|\r\n"):
            head = text.readline()
        separator = max(",;\t|", key=_outside_quotes(head).count)
        notes: list[str] = []
        names = _headings(next(csv.reader([head], delimiter=separator), []), notes)
        builder = _Builder([name for name in names if name])
        kept = [place for place, name in enumerate(names) if name]
        reader = csv.reader(text, delimiter=separator)
        try:
            for part in _parts(reader, len(names), kept):
                builder.add(part)
        except csv.Error as error:
            line = reader.line_num + 1
            raise Unfit(
                "--data", f"line {line} cannot be read ({error})", "Mend its quotes, or write it anew"
            ) from None
    said = encoding.removesuffix("-sig")
    return builder.table(f"CSV{', gzip' if zipped else ''}, {said}, separator {separator!r}", notes)


def _outside_quotes(head: str) -> str:
    return "".join(head.split('"')[::2])


def _headings(cells: list[str], notes: list[str]) -> list[str]:
    names = [cell.strip().removesuffix("(必填)").strip("* ") for cell in cells]
    unnamed = [str(place) for place, name in enumerate(names, 1) if not name]
    if unnamed:
        notes.append(f"columns without a heading were left out: {', '.join(unnamed[:10])}")
    for place, name in enumerate(names):
        if name and name in names[:place]:
            first = names.index(name) + 1
            raise Unfit("--data", f"the heading {name} stands twice ({first} and {place + 1})", "Rename one of them")
    if not any(names):
        raise Unfit("--data", "the file has no heading", "Write the columns' names into the first line")
    if len(names) > MOST_COLUMNS:
        raise Unfit("--data", f"the heading has {len(names)} columns", f"At most {MOST_COLUMNS} are read")
    if len(names) > 1 and all(number(name) is not None for name in names if name):
        raise Unfit("--data", f"the first line holds numbers ({', '.join(names[:3])}), not names", "Add a heading")
    return names


def _parts(reader: Iterator[list[str]], width: int, kept: list[int]) -> Iterator[list[Sequence[str]]]:
    """Columns of at most PART rows; lines of empty cells are no rows."""
    rows: list[list[str]] = []
    for place, row in enumerate(reader, 2):
        if len(row) != width:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                detail = f"row {place} has {len(row)} cells where the heading has {width}"
                raise Unfit("--data", detail, "Put cells that hold the separator into quotes, or write the row anew")
            row = row[:width]  # noqa: PLW2901  a trailing separator
        elif not any(row):
            continue
        rows.append(row)
        if len(rows) == PART:
            columns = list(zip(*rows, strict=True))
            yield [columns[at] for at in kept]
            rows = []
    if rows:
        columns = list(zip(*rows, strict=True))
        yield [columns[at] for at in kept]


def _parquet(path: Path) -> ForeignTable:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise Unfit("--data", "Parquet needs pyarrow, which is not installed", "Install it, or save as CSV") from None
    try:
        file = parquet.ParquetFile(path)
        notes: list[str] = []
        names = _headings(list(file.schema_arrow.names), notes)
        builder = _Builder(names)
        for batch in file.iter_batches(PART):
            part = []
            for name, column in zip(names, batch.columns, strict=True):
                try:
                    part.append(["" if cell is None else cell for cell in column.cast(arrow.string()).to_pylist()])
                except arrow.ArrowException:
                    raise Unfit(name, f"has the type {column.type}", "Leave the column out of the file") from None
            builder.add(part)
    except (arrow.ArrowException, OSError) as error:
        raise Unfit("--data", f"{path} cannot be read ({str(error)[:100]})", "Write the file anew") from None
    return builder.table("Parquet", notes)


class _Builder:
    """Columns as they grow, part by part."""

    def __init__(self, names: list[str]) -> None:
        self._growing = [_Growing(name) for name in names]
        self._rows = 0

    def add(self, part: Iterable[Sequence[str]]) -> None:
        for growing, cells in zip(self._growing, part, strict=True):
            growing.add(cells)
        self._rows += len(cells)
        if self._rows > MOST_ROWS:
            raise Unfit(
                "--data", f"the table has more than {MOST_ROWS} rows", "Give a sample by whole groups or months"
            )

    def table(self, read_as: str, notes: list[str]) -> ForeignTable:
        if not self._rows:
            raise Unfit("--data", "the table has a heading and no row", "Give rows")
        columns = [growing.column() for growing in self._growing]
        return ForeignTable({each.name: each for each in columns}, self._rows, read_as, tuple(notes))


class _Growing:
    """A column of codes, which becomes one of numbers or of dates, or free text, once its texts are too many."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._code: dict[str, int] = dict.fromkeys(MISSING, -1)
        self._words: list[str] = []
        self._codes: list[Codes] = []
        self._numbers: list[Floats] = []
        self._reading = "codes"
        self._odd = 0

    def add(self, cells: Sequence[str]) -> None:
        if self._reading == "codes":
            self._codes.append(self._coded(cells))
            if len(self._words) > MOST_WORDS:
                self._decide()
        elif self._reading != "text":
            self._numbers.append(self._parsed(cells))

    def _coded(self, cells: Sequence[str]) -> Codes:
        known = self._code
        for cell in set(cells) - known.keys():
            word = cell.strip()
            if word not in known:
                known[word] = len(self._words)
                self._words.append(word)
            known[cell] = known[word]
        return np.fromiter(map(known.__getitem__, cells), np.int32, len(cells))

    def _decide(self) -> None:
        """What a column of many texts is: whatever nearly all of them are."""
        for reading, parse in (("numbers", number), ("dates", day)):
            values = [parse(word) for word in self._words]
            odd = sum(value is None for value in values)
            if odd <= 0.01 * len(values):
                places = np.array([np.nan if value is None else value for value in values] + [np.nan])
                self._reading = reading
                self._odd = sum(int((codes >= 0).sum() - np.isfinite(places[codes]).sum()) for codes in self._codes)
                self._numbers = [places[codes] for codes in self._codes]
                break
        else:
            if len(self._words) <= MOST_TEXTS:
                return
            self._reading = "text"
        self._code, self._words, self._codes = {}, [], []

    def _parsed(self, cells: Sequence[str]) -> Floats:
        parse = number if self._reading == "numbers" else day
        found = np.empty(len(cells))
        for place, cell in enumerate(cells):
            value = None if cell in MISSING else parse(cell.strip())
            found[place] = np.nan if value is None else value
            self._odd += value is None and cell.strip() not in MISSING
        return found

    def column(self) -> TableColumn:
        if self._reading == "codes":
            order = sorted(range(len(self._words)), key=self._words.__getitem__)
            rank = np.empty(len(order) + 1, np.int32)
            rank[order], rank[-1] = np.arange(len(order)), -1
            codes = rank[np.concatenate(self._codes)]
            return TableColumn(self._name, [self._words[place] for place in order], codes)
        if self._reading == "text":
            return TableColumn(self._name)
        numbers = np.concatenate(self._numbers)
        return TableColumn(self._name, numbers=numbers, dates=self._reading == "dates", odd=self._odd)
