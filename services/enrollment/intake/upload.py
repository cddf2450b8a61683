"""Cuts an upload, as it arrives, into parts of whole lines, so that no file is ever whole in memory.

Storing the parts is the use case's; what stands in a line is parse's.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.enrollment.domain.errors import UnreadableFile
from services.enrollment.domain.rows import COLUMNS

PART_ROWS: Final = 5000
"""Rows in one transaction of the worker: a quarter of a second of work, so a kill costs no more; yet few commits."""
LONGEST_LINE: Final = 4096
"""Bytes. A row with every field at its longest has under 900; a longer line is a file of another kind, or damage."""
OPTIONAL_COLUMNS: Final = frozenset({"effective_date"})

_NEWLINE: Final = b"\n"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_OTHER_KINDS: Final = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip or a spreadsheet",
    b"PAR1": "Parquet",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a file. ``first_line`` counts from 1, the header's; ``rows`` are its lines that are not empty."""

    number: int
    first_line: int
    rows: int
    text: str


class Upload:
    """One file on its way in: read ``header``, then exhaust ``parts``; afterwards ``rows`` and ``sha256`` are known."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._hash = hashlib.sha256()
        self._rest = b""
        self.rows = 0
        self.header = self._read_header()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def parts(self) -> Iterator[Part]:
        """The rest of the file.

        Raises:
            UnreadableFile: a line is longer than any row, or there is no row at all.
        """
        number, line = 0, 2
        waiting: list[bytes] = []
        ended = False
        while not ended:
            chunk = self._next()
            ended = not chunk
            *lines, self._rest = (self._rest + chunk).split(_NEWLINE)
            if ended and self._rest:
                lines.append(self._rest)
            for each in (*lines, self._rest):
                self._refuse_long(each)
            waiting += lines
            while len(waiting) >= PART_ROWS or (waiting and ended):
                part = _part(number, line, waiting[:PART_ROWS])
                line += len(waiting[:PART_ROWS])
                del waiting[:PART_ROWS]
                if part.rows:
                    self.rows += part.rows
                    number += 1
                    yield part
        if not self.rows:
            raise UnreadableFile("It has a header and no rows.", "Send at least one row.")

    def _next(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._hash.update(chunk)
        return chunk

    def _read_header(self) -> tuple[str, ...]:
        while _NEWLINE not in self._rest:
            chunk = self._next()
            if not chunk:
                break
            self._rest += chunk
            self._refuse_long(self._rest.partition(_NEWLINE)[0])
        for magic, kind in _OTHER_KINDS.items():
            if self._rest.startswith(magic):
                raise UnreadableFile(f"It is {kind}.", "Send plain CSV in UTF-8.")
        first, _, self._rest = self._rest.partition(_NEWLINE)
        return _columns(first.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r"))

    def _refuse_long(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise UnreadableFile(
                f"It has a line of more than {LONGEST_LINE} bytes.", "Send one subscriber a line, ended by a line feed."
            )


def _part(number: int, first_line: int, lines: list[bytes]) -> Part:
    rows = sum(1 for line in lines if line.strip())
    # What is no UTF-8 becomes U+FFFD, which no rule accepts: its row is rejected, and no other.
    return Part(number, first_line, rows, _NEWLINE.join(lines).decode(errors="replace"))


def _columns(line: bytes) -> tuple[str, ...]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UnreadableFile("Its first line is not UTF-8.", "Save the file as UTF-8.") from None
    named = tuple(name.strip().lower() for name in next(csv.reader([text]), []))
    needed = f"Begin the file with the line {','.join(COLUMNS)}."
    for name in COLUMNS:
        if name not in named and name not in OPTIONAL_COLUMNS:
            raise UnreadableFile(f"Its first line lacks the column {name}.", needed)
    if len(set(named)) != len(named):
        raise UnreadableFile("Its first line names a column twice.", needed)
    if set(named) - set(COLUMNS):
        raise UnreadableFile("Its first line names a column that is not known.", needed)
    return named
