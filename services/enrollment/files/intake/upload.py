"""One file on its way in, whatever its format and compression, into parts of our own form; never whole in memory.

Storing the parts is the use case's; what stands in a row is parse's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.domain.file_columns import ENROLLMENT, FileColumns
from services.enrollment.files.intake.charset import Charset
from services.enrollment.files.intake.compression import Meter, compression_of, expanded
from services.enrollment.files.intake.csv_file import CsvFile
from services.enrollment.files.intake.lines import LONGEST_LINE, MOST_ROWS, PART_ROWS, FilePart
from services.enrollment.files.intake.ndjson_file import NdjsonFile
from services.enrollment.files.intake.parquet_file import MAGIC, ParquetFile
from shared.process import memory

MEMORY_BYTES: Final = 64 * 1024**2
"""What taking in one file takes at the most, whatever stands in it: some ten times a part's bytes. A Parquet file's own
reader comes on top (parquet_child)."""

Format = Literal["csv", "ndjson", "parquet"]

CONTENT_TYPES: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/vnd.apache.parquet": "parquet",
}
_CHARSETS: Final[dict[str, Charset | None]] = {
    "": None,
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sender says of a file: its format, and how it is compressed and encoded where that is said."""

    format: Format = "csv"
    content_encoding: str | None = None
    charset: str = ""


class Upload:
    """Read ``header``, then exhaust ``parts``; afterwards ``rows`` and ``sha256`` are known.

    Raises:
        UnreadableFile: it is no file of subscribers, or not the one that was announced.
    """

    def __init__(self, chunks: Iterable[bytes], sent: Sent | None = None, columns: FileColumns = ENROLLMENT) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0
        self._file = _opened(self._hashed(chunks), sent or Sent(), columns)
        self.header = self._file.header

    @property
    def sha256(self) -> str:
        """Of the bytes as they were sent, in hex."""
        return self._hash.hexdigest()

    def parts(self) -> Iterator[FilePart]:
        """The file's rows.

        Raises:
            UnreadableFile: it is damaged, ends too early, has a line that is too long, or no row at all.
        """
        try:
            for part in self._file.parts():
                self.rows += part.rows
                if self.rows > MOST_ROWS:
                    raise UnreadableFile(f"It has more than {MOST_ROWS} rows.", "Split it into several files.")
                yield part
        finally:
            memory.give_back()
        if not self.rows:
            raise UnreadableFile("It has no rows.", "Send at least one.")

    def _hashed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._hash.update(chunk)
            yield chunk


def _opened(chunks: Iterator[bytes], sent: Sent, columns: FileColumns) -> CsvFile | NdjsonFile | ParquetFile:
    if sent.charset.lower() not in _CHARSETS:
        raise UnreadableFile("Its charset is neither UTF-8 nor GB18030.", "Save it as UTF-8 or GB18030.")
    meter = Meter()
    pieces = expanded(chunks, compression_of(sent.content_encoding), meter)
    first = b""
    while len(first) < len(MAGIC) and (piece := next(pieces, b"")):
        first += piece
    if (first[: len(MAGIC)] == MAGIC) != (sent.format == "parquet"):
        raise UnreadableFile(
            "It is not Parquet, as was announced." if sent.format == "parquet" else "It is Parquet.",
            "Announce what you send: text/csv, application/x-ndjson or application/vnd.apache.parquet.",
        )
    if sent.format != "parquet" and first.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        raise UnreadableFile("It is compressed twice.", "Compress it once.")
    whole = chain((first,), pieces)
    match sent.format:
        case "csv":
            return CsvFile(whole, columns, _CHARSETS[sent.charset.lower()])
        case "ndjson":
            return NdjsonFile(whole, columns, _CHARSETS[sent.charset.lower()])
        case "parquet":
            return ParquetFile(whole, columns, meter)


__all__ = ["CONTENT_TYPES", "LONGEST_LINE", "MOST_ROWS", "PART_ROWS", "FilePart", "Format", "Sent", "Upload"]
