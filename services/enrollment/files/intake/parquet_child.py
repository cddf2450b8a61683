"""The rows of a Parquet file as lines of CSV: a process of its own with little memory, started by parquet_file.

What a file says of itself is its sender's word; pyarrow makes room for whatever it says, and where a file is damaged it
may end the process. Here that ends nothing else, and nobody has to know in which ways a file can do harm.

Standard input is the file. Standard output is a line of JSON, the name and type of each column and what may stand in
it, then the rows; where the file is refused, why is all that stands on standard error. Which columns suit is not said
here.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from functools import reduce
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.intake.lines import LONGEST_LINE, MOST_ROWS
from shared.process.confined import REFUSED, confine

MEMORY_BYTES: Final = 192 * 1024**2
"""Of data, as the system counts it: some 80 MB are libraries and their reserves. Files as pyarrow, polars, DuckDB and
Spark write them take 20 to 30 MB beside; dictionaries of 16 MiB a column, a hundred."""
CPU_SECONDS: Final = 900
"""Five times what a hundred million rows take."""

_BATCH_ROWS: Final = 1000
"""Read at once: a text of LONGEST_LINE bytes in each column is 45 MB."""
_BUFFER: Final = 1024**2
_AGAIN: Final = "Send the file again, whole."
_FAILED: Final = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises for a damaged file depends on where it notices."""


def main() -> None:
    """Convert standard input, within the limits."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    try:
        _convert(sys.stdin.buffer, sys.stdout.buffer)
    except (UnreadableFile, MemoryError) as error:
        why = error if isinstance(error, UnreadableFile) else too_much()
        sys.stderr.write(json.dumps([why.detail, why.fix]))
        sys.exit(REFUSED)


def too_much() -> UnreadableFile:
    """What is said where the memory did not suffice, or the process ended by it."""
    return UnreadableFile(
        "It is damaged, or takes more memory to read than a file of subscribers.",
        "Write pages and dictionaries of 1 MiB, as is usual, with one subscriber's data in each row.",
    )


def _convert(spool: IO[bytes], out: IO[bytes]) -> None:
    try:
        file = pq.ParquetFile(spool, pre_buffer=False, buffer_size=_BUFFER)
    except _FAILED:
        raise UnreadableFile("It is no whole Parquet file.", _AGAIN) from None
    if file.metadata.num_rows > MOST_ROWS:
        raise UnreadableFile(f"It has more than {MOST_ROWS} rows.", "Split it into several files.")
    columns = [(field.name, str(field.type), _suits(field.type)) for field in file.schema_arrow]
    said = json.dumps(columns).encode()
    if len(said) > LONGEST_LINE:
        raise UnreadableFile("Its columns are too many.", "Send the columns of subscribers alone.")
    out.write(said + b"\n")
    row = 1
    try:
        for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
            out.write(_lines(batch, row))
            row += batch.num_rows
    except _FAILED as error:
        if isinstance(error, BrokenPipeError | MemoryError):
            raise
        raise UnreadableFile(f"It is damaged after row {row}.", _AGAIN) from None
    out.flush()


def _suits(kind: Any) -> str:
    """What a column of this type can be read as; nothing where something would be lost."""
    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_binary, types.is_large_binary)
    if types.is_null(inner) or any(is_text(inner) for is_text in texts):
        return "text"
    if types.is_timestamp(inner):
        return "moment" if inner.tz is not None else ""
    return "day" if types.is_date(inner) else "whole number" if types.is_integer(inner) else ""


def _lines(batch: Any, first_row: int) -> bytes:
    """Each row as a line of CSV."""
    _refuse_long_rows(batch, first_row)
    columns = [_as_text(column) for column in batch.columns]
    written = _written(columns)
    if written.count(b"\n") != batch.num_rows:
        written = _written_by_hand(columns)
    lines = written.split(b"\n")
    if max(map(len, lines), default=0) > LONGEST_LINE:
        raise _long_row(next(row for row, line in enumerate(lines, start=first_row) if len(line) > LONGEST_LINE))
    if batch.num_columns == 1:
        # An empty cell is a row of its own and no empty line.
        return b"".join((line if line.strip() else b'""') + b"\n" for line in lines[:-1])
    return written


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


def _written(columns: list[Any]) -> bytes:
    """As CSV; nothing where a cell needs quotes, which is rare and slower."""
    batch = pa.record_batch(columns, names=[str(place) for place in range(len(columns))])
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


if __name__ == "__main__":
    main()
