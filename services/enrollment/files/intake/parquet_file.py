"""A Parquet file into parts. It is read from its end, so it is first put on a disk, in a file that has no name.

What reads it is a process of its own (parquet_child), for what pyarrow does with a file that was made to do harm nobody
can know; one at a time, so that all of them together take little memory.
"""

from __future__ import annotations

import json
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Final, assert_never

from services.enrollment.files.domain.errors import NoRoom, UnreadableFile
from services.enrollment.files.domain.file_columns import FileColumns
from services.enrollment.files.intake import parquet_child
from services.enrollment.files.intake.charset import Decoder
from services.enrollment.files.intake.column_names import columns_of
from services.enrollment.files.intake.compression import Meter
from services.enrollment.files.intake.lines import FilePart, Lines
from shared.process.confined import ConfinedChild, End, Silent

MAGIC: Final = b"PAR1"
AT_ONCE: Final = 1
"""Files that a process reads, each in a child that may take parquet_child.MEMORY_BYTES."""
PATIENCE_SECONDS: Final = 60.0
"""For the file before it; the largest ones take some minutes."""
SILENT_SECONDS: Final = 60.0
"""A thousand rows take a few milliseconds; so no honest file is silent for long."""

_READER: Final = ("-m", parquet_child.__name__)
_FITS: Final = {
    "birth_date": ("text", "day"),
    "effective_date": ("text", "day"),
    "consent_given_at": ("text", "moment"),
    "partner_reference": ("text", "whole number"),
    "phone": ("text", "whole number"),
}
"""Text suits every column; dates, times with a zone and whole numbers where nothing is lost."""
_places: Final = threading.BoundedSemaphore(AT_ONCE)


class ParquetFile:
    """Read ``header``, then exhaust ``parts``."""

    def __init__(self, pieces: Iterable[bytes], columns: FileColumns, meter: Meter) -> None:
        with _spooled(pieces) as spool:
            if not _places.acquire(timeout=PATIENCE_SECONDS):
                raise NoRoom
            try:
                self._child = _Child(spool, meter)
            except BaseException:
                _places.release()
                raise
        # At the latest when nobody knows it any more: whoever stores its parts may fail between two of them.
        self._end = weakref.finalize(self, _end, self._child)
        try:
            self._lines = Lines(self._child.pieces())
            self.header = _header(self._lines.first(), columns)
        except BaseException:
            self._end()
            raise

    def parts(self) -> Iterator[FilePart]:
        """The file's rows, counted from 1: a Parquet file has no lines."""
        decoder = Decoder(charset="utf-8")
        try:
            for number, (first_line, lines) in enumerate(self._lines.groups()):
                rows, data = len(lines), decoder.data(lines)
                lines.clear()
                yield FilePart(number, first_line - 1, rows, data)
        finally:
            self._end()


class _Child:
    """A process that reads ``spool``."""

    def __init__(self, spool: IO[bytes], meter: Meter) -> None:
        self._meter = meter
        self.process = ConfinedChild(_READER, spool)

    def pieces(self) -> Iterator[bytes]:
        """What it writes.

        Raises:
            UnreadableFile: it refused the file, or ended by it.
            NoRoom: it was ended from outside.
        """
        try:
            for piece in self.process.pieces(SILENT_SECONDS):
                self._meter.made(len(piece))
                yield piece
        except Silent:
            raise parquet_child.too_much() from None
        end, said = self.process.ended()
        match end:
            case End.WELL:
                return
            case End.REFUSED:
                detail, fix = json.loads(said)
                raise UnreadableFile(detail, fix)
            case End.BROKEN:
                raise parquet_child.too_much()
            case End.STOPPED:
                raise NoRoom
            case End.FAILED:
                raise RuntimeError("The reader of Parquet files failed")
            case _:
                assert_never(end)


def _end(child: _Child) -> None:
    child.process.end()
    _places.release()


def _header(said: bytes, columns: FileColumns) -> tuple[str, ...]:
    found: Sequence[tuple[str, str, str]] = json.loads(said)
    header = columns_of([name for name, _kind, _suits in found], columns)
    for name, (_name, kind, suits) in zip(header, found, strict=True):
        fits = _FITS.get(name, ("text",))
        if suits not in fits:
            others = "".join(f", or as a {other}" for other in fits[1:])
            raise UnreadableFile(f"Its column {name} is of type {kind}.", f"Write it as text (UTF8){others}.")
    return header


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
