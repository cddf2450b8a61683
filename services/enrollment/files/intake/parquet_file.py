"""A Parquet file into parts. It is read from its end, so it is first put on a disk, in a file that has no name.

What is held at once is some thousand rows and one page of each column: pyarrow reads a row group as a stream, whatever
its size, where polars reads it whole. What footer and pages say of their sizes is bounded before any of them is read.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property, reduce
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from services.enrollment.files.domain.errors import NoRoom, UnreadableFile
from services.enrollment.files.domain.file_columns import FileColumns
from services.enrollment.files.intake.charset import Decoder
from services.enrollment.files.intake.column_names import columns_of
from services.enrollment.files.intake.compression import Meter
from services.enrollment.files.intake.lines import LONGEST_LINE, MOST_ROWS, PART_ROWS, Part
from services.enrollment.files.intake.parquet_pages import Pages, check_pages, chunks_of

MAGIC: Final = b"PAR1"
MOST_FOOTER: Final = 1024**2
"""Bytes. Some 2,500 a row group of a hundred thousand rows or more; pyarrow takes up to 300 times as many for it."""

_BATCH_ROWS: Final = 1000
"""Read at once: a text of LONGEST_LINE bytes in each column is 45 MB."""
_FOOTER_END: Final = 8
"""Bytes after the footer: its length and MAGIC."""
_BUFFER: Final = 1024**2
_AGAIN: Final = "Send the file again, whole."
_WHOLE_NUMBERS: Final = frozenset({"partner_reference", "phone"})
_DAYS: Final = frozenset({"birth_date", "effective_date"})
_FAILED: Final = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises for a damaged file depends on where it notices."""


class ParquetFile:
    """Read ``header``, then exhaust ``parts``."""

    def __init__(self, pieces: Iterable[bytes], columns: FileColumns, meter: Meter) -> None:
        self._meter = meter
        self._spool = _spooled(pieces)
        try:
            self._refuse_large_footer()
            self._file = self._open()
            self._refuse_long()
            schema = self._file.schema_arrow
            self.header = columns_of(schema.names, columns)
            for name, field in zip(self.header, schema, strict=True):
                _refuse_type(name, field.type)
        except BaseException:
            self._spool.close()
            raise

    def parts(self) -> Iterator[Part]:
        """The file's rows, counted from 1: a Parquet file has no lines."""
        decoder = Decoder(charset="utf-8")
        with self._spool:
            number, row, lines = 0, 1, list[bytes]()
            for batch in self._batches():
                try:
                    more = self._lines(batch, row + len(lines))
                except _FAILED as error:
                    raise _damaged(row + len(lines)) from error
                self._meter.made(sum(map(len, more)))
                lines += more
                if len(lines) >= PART_ROWS:
                    part, lines = lines[:PART_ROWS], lines[PART_ROWS:]
                    yield Part(number, row, len(part), decoder.data([*part, b""]))
                    number, row = number + 1, row + len(part)
            if lines:
                yield Part(number, row, len(lines), decoder.data([*lines, b""]))

    def _refuse_large_footer(self) -> None:
        end = self._spool.seek(0, os.SEEK_END)
        self._spool.seek(max(0, end - _FOOTER_END))
        last = self._spool.read(_FOOTER_END)
        if last.endswith(MAGIC) and int.from_bytes(last[:4], "little") > MOST_FOOTER:
            raise UnreadableFile(
                f"Its footer has more than {MOST_FOOTER // 1024} KiB.", "Write row groups of at least 100,000 rows."
            )
        self._spool.seek(0)

    def _refuse_long(self) -> None:
        if self._file.metadata.num_rows > MOST_ROWS:
            raise UnreadableFile(f"It has more than {MOST_ROWS} rows.", "Split it into several files.")

    def _open(self, **options: Any) -> Any:
        try:
            return pq.ParquetFile(self._spool, pre_buffer=False, buffer_size=_BUFFER, **options)
        except _FAILED:
            raise UnreadableFile("It is no whole Parquet file.", _AGAIN) from None

    def _batches(self) -> Iterator[Any]:
        """Some rows at a time, in the file's order."""
        row = 1
        try:
            groups = chunks_of(self._spool)
        except _FAILED as error:
            raise _damaged(row) from error
        for group, chunks in enumerate(groups):
            try:
                pages = check_pages(self._spool, chunks, self.header)
                self._refuse_long_entries(group, pages)
                batches = self._file.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False)
                while (batch := next(batches, None)) is not None:
                    row += batch.num_rows
                    yield batch
            except _FAILED as error:
                raise _damaged(row) from error

    def _refuse_long_entries(self, group: int, pages: list[Pages]) -> None:
        """One long text that a dictionary names a million times would fill the memory when it is written out."""
        names = self._file.schema_arrow.names
        asked = [place for place, each in enumerate(pages) if each.dictionary > LONGEST_LINE]
        if not asked:
            return
        encoded = self._encoded.iter_batches(
            1, row_groups=[group], columns=[names[place] for place in asked], use_threads=False
        )
        batch = next(encoded)
        for place, column in zip(asked, batch.columns, strict=True):
            if not pa.types.is_dictionary(column.type):
                continue  # Numbers have no length.
            if len(column.dictionary) < (pages[place].entries or 0):
                raise UnreadableFile(f"The dictionary of its column {self.header[place]} is damaged.", _AGAIN)
            if _longest(column.dictionary) > LONGEST_LINE:
                raise UnreadableFile(
                    f"Its column {self.header[place]} has a text of more than {LONGEST_LINE} bytes.",
                    "Send one subscriber's data in each row.",
                )

    @cached_property
    def _encoded(self) -> Any:
        """The file once more, its dictionaries as they are."""
        return self._open(read_dictionary=self._file.schema_arrow.names)

    def _lines(self, batch: Any, first_row: int) -> list[bytes]:
        """Each row as a line of CSV, without its end."""
        _refuse_long_rows(batch, first_row)
        columns = [_as_text(column) for column in batch.columns]
        written = _written(pa.record_batch(columns, names=list(self.header)))
        lines = written.split(b"\n")
        if len(lines) != batch.num_rows + 1:
            lines = _written_by_hand(columns).split(b"\n")
        lines.pop()
        if max(map(len, lines), default=0) > LONGEST_LINE:
            raise _long_row(next(row for row, line in enumerate(lines, start=first_row) if len(line) > LONGEST_LINE))
        if len(self.header) == 1:
            # An empty cell is a row of its own and no empty line.
            return [line if line.strip() else b'""' for line in lines]
        return lines


def _spooled(pieces: Iterable[bytes]) -> IO[bytes]:
    """What arrives, on disk: unnamed, so that it is gone with its last reader, however that ends."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as its reader
    try:
        for piece in pieces:
            _write(spool, piece)
        spool.seek(0)
    except BaseException:
        # Where there was no room, closing tries to write once more.
        with suppress(OSError):
            spool.close()
        raise
    return spool


def _write(spool: IO[bytes], piece: bytes) -> None:
    try:
        spool.write(piece)
        spool.flush()
    except OSError as error:
        raise NoRoom from error


def _refuse_type(name: str, kind: Any) -> None:
    """Text suits every column; dates, times with a zone and whole numbers where nothing is lost."""
    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    fits = (
        types.is_string(inner)
        or types.is_large_string(inner)
        or types.is_string_view(inner)
        or types.is_binary(inner)
        or types.is_large_binary(inner)
        or types.is_null(inner)
        or (name in _DAYS and types.is_date(inner))
        or (name == "consent_given_at" and types.is_timestamp(inner) and inner.tz is not None)
        or (name in _WHOLE_NUMBERS and types.is_integer(inner))
    )
    if not fits:
        raise UnreadableFile(
            f"Its column {name} is of type {kind}.",
            "Write it as text (UTF8)"
            + (", or as a date." if name in _DAYS else "")
            + (", or as a timestamp with a zone." if name == "consent_given_at" else "")
            + ("." if name not in {*_DAYS, "consent_given_at"} else ""),
        )


def _refuse_long_rows(batch: Any, first_row: int) -> None:
    """Before any of its texts is written out."""
    lengths = [pc.fill_null(found, 0) for column in batch.columns if (found := _lengths(column)) is not None]
    together = reduce(pc.add, lengths, pa.repeat(0, batch.num_rows))
    if (pc.max(together).as_py() or 0) > LONGEST_LINE:
        raise _long_row(first_row + pc.index(pc.greater(together, LONGEST_LINE), value=True).as_py())


def _as_text(column: Any) -> Any:
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us", "UTC"), safe=False), format="%Y-%m-%dT%H:%M:%S+00:00")
    if types.is_binary(column.type) or types.is_large_binary(column.type):
        # Some writers leave the note out that these bytes are text; whether they are is seen line by line.
        return pa.Array.from_buffers(
            pa.large_string() if types.is_large_binary(column.type) else pa.string(),
            len(column),
            column.buffers(),
            offset=column.offset,
        )
    if types.is_string(column.type) or types.is_large_string(column.type):
        return column
    return column.cast(pa.string())


def _lengths(column: Any) -> Any:
    """The bytes of each text; nothing where they are numbers or dates, which are short."""
    if pa.types.is_dictionary(column.type):
        found = _lengths(column.dictionary)
        return None if found is None else found.take(column.indices)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    try:
        return pc.binary_length(column).cast(pa.int64())
    except pa.ArrowNotImplementedError:
        return None


def _longest(dictionary: Any) -> int:
    return pc.max(pc.binary_length(dictionary)).as_py() or 0


def _written(batch: Any) -> bytes:
    """As CSV; nothing where a cell needs quotes, which is rare and slower."""
    out = io.BytesIO()
    try:
        pa_csv.write_csv(batch, out, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
    except pa.ArrowInvalid:
        return b""
    return out.getvalue()


def _written_by_hand(columns: list[Any]) -> bytes:
    cells = [[_cell(value) for value in column.cast(pa.binary())] for column in columns]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(zip(*cells, strict=True))
    return text.getvalue().encode(errors="surrogateescape")


def _cell(value: Any) -> str:
    """Line breaks would end the row, so they become what no rule accepts."""
    raw = value.as_py() or b""
    text: str = raw.decode(errors="surrogateescape")
    return text.replace("\n", "\ufffd").replace("\r", "\ufffd")


def _long_row(row: int) -> UnreadableFile:
    return UnreadableFile(
        f"Its row {row} has more than {LONGEST_LINE} bytes.", "Send one subscriber's data in each row."
    )


def _damaged(row: int) -> UnreadableFile:
    return UnreadableFile(f"It is damaged after row {row}.", _AGAIN)
