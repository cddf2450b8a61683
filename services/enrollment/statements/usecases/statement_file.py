"""A statement's file, piece by piece and never whole in memory: the CSV as it was drawn, or its lines as Parquet."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from services.enrollment.statements.domain.statements import COLUMNS
from services.enrollment.statements.store import statements
from shared.db.pool import Database
from shared.db.transaction import Tx

if TYPE_CHECKING:
    import pyarrow as pa
    from _typeshed import ReadableBuffer as Buffer

_WHOLE_NUMBERS: Final = frozenset(name for name in COLUMNS if name.endswith("_fen") or name == "product_version")
_DAYS: Final = frozenset(name for name in COLUMNS if name.endswith("_date") or name == "effective_date_of_transaction")


def csv_pieces(tx: Tx, statement_id: str) -> Iterator[bytes]:
    """The header, then some thousand lines at a time, in one transaction."""
    number = 0
    while (piece := statements.part(tx, statement_id, number)) is not None:
        yield gzip.decompress(piece)
        number += 1


def csv_file(database: Database, statement_id: str) -> Iterator[bytes]:
    """The same, a transaction for each piece, so that none is open while a slow client reads."""
    number = 0
    while True:
        with database.transaction() as tx:
            piece = statements.part(tx, statement_id, number)
        if piece is None:
            return
        yield gzip.decompress(piece)
        number += 1


def parquet_file(database: Database, statement_id: str) -> Iterator[bytes]:
    """A row group for each piece of the CSV; days as date32, amounts in fen as int64, times as UTC microseconds."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # 60 MB that a web process needs for this alone

    schema, sink = _schema(), _Sink()
    writer = pq.ParquetWriter(sink, schema, compression="zstd")
    pieces = csv_file(database, statement_id)
    header = next(pieces)
    for piece in pieces:
        writer.write_table(_table(header + piece, schema))
        yield sink.taken()
    writer.close()
    yield sink.taken()


def _table(text: bytes, schema: pa.Schema) -> pa.Table:
    from pyarrow import csv  # noqa: PLC0415

    # Empty texts stay texts: an adjustment of a whole statement names no policy.
    options = csv.ConvertOptions(column_types=schema, strings_can_be_null=False)
    return csv.read_csv(io.BytesIO(text), convert_options=options)


def _schema() -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415

    def kind(name: str) -> pa.DataType:
        if name in _WHOLE_NUMBERS:
            return pa.int64()
        if name in _DAYS:
            return pa.date32()
        return pa.timestamp("us", "UTC") if name == "booked_at" else pa.string()

    return pa.schema([pa.field(name, kind(name)) for name in COLUMNS])


class _Sink(io.RawIOBase):
    """A file that forgets what was taken from it, but not how long it is: Parquet's footer holds positions."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        written = bytes(data)
        self._kept.append(written)
        self._length += len(written)
        return len(written)

    def tell(self) -> int:
        return self._length

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._kept)
        self._kept.clear()
        return data
