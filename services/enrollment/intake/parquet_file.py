"""A Parquet file into parts. It is read from its end, so it is first put on a disk, in a file that has no name.

What is held at once is some thousand rows and one page of each column: pyarrow reads a row group as a stream, whatever
its size, where polars reads it whole. Sizes that its footer states are bounded before anything is read.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from services.enrollment.domain.errors import NoRoom, UnreadableFile
from services.enrollment.domain.file_columns import FileColumns
from services.enrollment.intake.charset import Decoder
from services.enrollment.intake.column_names import columns_of
from services.enrollment.intake.compression import Meter
from services.enrollment.intake.lines import LONGEST_LINE, MOST_ROWS, PART_ROWS, Part

MAGIC: Final = b"PAR1"
MOST_ROW_GROUP: Final = 384 * 1024**2
"""Bytes of a row group once decompressed. Common writers make groups of a million rows or 128 MiB: some 200 MB here."""

_BUFFER: Final = 1024**2
_AGAIN: Final = "Send the file again, whole."
_WHOLE_NUMBERS: Final = frozenset({"partner_reference", "phone"})
_FAILED: Final = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises for a damaged file depends on where it notices."""


class ParquetFile:
    """Read ``header``, then exhaust ``parts``."""

    def __init__(self, pieces: Iterable[bytes], columns: FileColumns, meter: Meter) -> None:
        self._meter = meter
        self._spool = _spooled(pieces)
        try:
            self._file = self._open()
            self._refuse_large()
            schema = self._file.schema_arrow
            self.header = columns_of(schema.names, columns)
            for name, field in zip(self.header, schema, strict=True):
                _refuse_type(name, field.type)
        except BaseException:
            self._spool.close()
            raise

    def parts(self) -> Iterator[Part]:
        """The file's rows, counted from 1: a Parquet file has no lines."""
        with self._spool:
            number, row = 0, 1
            for group in range(self._file.metadata.num_row_groups):
                self._refuse_long_entries(group, row)
                for batch in self._batches(group, row):
                    try:
                        data = self._data(batch, row)
                    except _FAILED as error:
                        raise _damaged(row) from error
                    self._meter.made(len(data))
                    yield Part(number, row, batch.num_rows, data)
                    number += 1
                    row += batch.num_rows

    def _open(self, **options: Any) -> Any:
        try:
            return pq.ParquetFile(self._spool, pre_buffer=False, buffer_size=_BUFFER, **options)
        except _FAILED:
            raise UnreadableFile("It is no whole Parquet file.", _AGAIN) from None

    def _refuse_large(self) -> None:
        metadata = self._file.metadata
        if metadata.num_rows > MOST_ROWS:
            raise UnreadableFile(f"It has more than {MOST_ROWS} rows.", "Split it into several files.")
        for group in range(metadata.num_row_groups):
            if metadata.row_group(group).total_byte_size > MOST_ROW_GROUP:
                raise UnreadableFile(
                    f"Its row group {group + 1} has more than {MOST_ROW_GROUP // 1024**2} MiB.",
                    "Write row groups of at most 500,000 rows.",
                )

    def _refuse_long_entries(self, group: int, first_row: int) -> None:
        """One long text that a dictionary names a million times would fill the memory when it is written out."""
        try:
            encoded = self._open(read_dictionary=self._file.schema_arrow.names)
            for batch in encoded.iter_batches(1, row_groups=[group], use_threads=False):
                for name, column in zip(self.header, batch.columns, strict=True):
                    if pa.types.is_dictionary(column.type) and _longest(column.dictionary) > LONGEST_LINE:
                        raise UnreadableFile(
                            f"Its column {name} has a text of more than {LONGEST_LINE} bytes after row {first_row}.",
                            "Send one subscriber's data in each row.",
                        )
                break
        except _FAILED as error:
            raise _damaged(first_row) from error

    def _batches(self, group: int, row: int) -> Iterator[Any]:
        batches = self._file.iter_batches(PART_ROWS, row_groups=[group], use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except _FAILED as error:
                raise _damaged(row) from error
            if batch is None:
                return
            if batch.num_rows:
                row += batch.num_rows
                yield batch

    def _data(self, batch: Any, first_row: int) -> bytes:
        columns = [_as_text(column) for column in batch.columns]
        written = _written(pa.record_batch(columns, names=list(self.header)))
        lines = written.split(b"\n")
        if len(lines) != batch.num_rows + 1:
            lines = _written_by_hand(columns).split(b"\n")
        if max(map(len, lines)) > LONGEST_LINE:
            row = next(row for row, line in enumerate(lines, start=first_row) if len(line) > LONGEST_LINE)
            raise UnreadableFile(
                f"Its row {row} has more than {LONGEST_LINE} bytes.", "Send one subscriber's data in each row."
            )
        if len(self.header) == 1:
            # An empty cell is a row of its own and no empty line.
            lines[:-1] = [line if line.strip() else b'""' for line in lines[:-1]]
        return Decoder(charset="utf-8").data(lines)


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
        or (name == "effective_date" and types.is_date(inner))
        or (name == "consent_given_at" and types.is_timestamp(inner) and inner.tz is not None)
        or (name in _WHOLE_NUMBERS and types.is_integer(inner))
    )
    if not fits:
        raise UnreadableFile(
            f"Its column {name} is of type {kind}.",
            "Write it as text (UTF8)"
            + (", or as a date." if name == "effective_date" else "")
            + (", or as a timestamp with a zone." if name == "consent_given_at" else "")
            + ("." if name not in {"effective_date", "consent_given_at"} else ""),
        )


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


def _damaged(row: int) -> UnreadableFile:
    return UnreadableFile(f"It is damaged after row {row}.", _AGAIN)
