"""Cuts bytes that arrive in pieces into whole lines, a part's worth at a time. What a line holds is for others to say.

Two million lines pass here in a request, so each is touched by the interpreter's own loops alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.enrollment.files.domain.errors import UnreadableFile

PART_ROWS: Final = 20_000
"""Rows in one transaction of the worker: half a second of work, so a kill costs no more; yet few commits."""
PART_BYTES: Final = 4 * 1024**2
"""As they arrive, for rows may be long, and what a part takes in memory goes by its bytes, here and in the worker. The
usual 20,000 rows have 3.7 MB as CSV; as NDJSON, 10,000 have."""
LONGEST_LINE: Final = 4096
"""Bytes. A row with every field at its longest has under 1,000; a longer line is a file of another kind, or damage."""
MOST_ROWS: Final = 100_000_000
"""Every row may be rejected, and each rejection is stored."""

BLANK: Final = " \t\n\r\x0b\x0c"
"""A line of these alone is no row, neither where rows are counted nor where they are read: what ``bytes.strip`` takes
off. Other white space, full-width for one, makes a row with something wrong in it."""

_NEWLINE: Final = b"\n"


@dataclass(frozen=True, slots=True)
class FilePart:
    """Some rows in our own form: CSV in UTF-8, lines joined by line feeds.

    ``first_line`` is the number of its first line in the file, counted from 1; ``rows`` are its lines that are not
    empty.
    """

    number: int
    first_line: int
    rows: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()


class Lines:
    """The lines of a file: ``first()`` at will, then all others by ``groups()``."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self._number = 1

    def first(self) -> bytes:
        """The first line without its end; empty where there is nothing at all.

        Raises:
            UnreadableFile: it is too long.
        """
        while _NEWLINE not in self._rest and (piece := next(self._pieces, b"")):
            self._rest += piece
            if len(self._rest) > LONGEST_LINE:
                self._refuse_long([self._rest.partition(_NEWLINE)[0]])
        line, _, self._rest = self._rest.partition(_NEWLINE)
        self._refuse_long([line])
        self._number = 2
        return line

    def groups(self) -> Iterator[tuple[int, list[bytes]]]:
        """The number of a first line, and the lines of a part from it on: PART_ROWS, or fewer that have PART_BYTES.

        The last piece of the file that a part is made of may make it larger by as much. Whoever has read a group may
        clear it.

        Raises:
            UnreadableFile: a line is too long.
        """
        waiting: list[bytes] = []
        size = 0
        ended = False
        while not ended:
            piece = next(self._pieces, b"")
            ended = not piece
            size += len(piece)
            lines = (self._rest + piece).split(_NEWLINE)
            self._rest = lines.pop()
            if ended and self._rest:
                lines.append(self._rest)
            if len(self._rest) > LONGEST_LINE or (lines and max(map(len, lines)) > LONGEST_LINE):
                self._number += len(waiting)
                self._refuse_long([*lines, self._rest])
            waiting = waiting + lines if waiting else lines
            start = 0
            whole = ended or size >= PART_BYTES
            while len(waiting) - start >= PART_ROWS or (whole and start < len(waiting)):
                group = waiting[start : start + PART_ROWS]
                start += len(group)
                if start == len(waiting):
                    # So that the group's reader, who clears it, has the last of these lines.
                    waiting, lines, start = [], [], 0
                number, self._number = self._number, self._number + len(group)
                yield number, group
            if start or not waiting:
                waiting = waiting[start:]
                size = sum(map(len, waiting))

    def _refuse_long(self, lines: list[bytes]) -> None:
        for number, line in enumerate(lines, start=self._number):
            if len(line) > LONGEST_LINE:
                raise UnreadableFile(
                    f"Its line {number} has more than {LONGEST_LINE} bytes.",
                    "Send one subscriber a line, ended by a line feed.",
                )


def rows_in(lines: list[bytes]) -> int:
    """How many of the lines hold more than white space."""
    return len(lines) - list(map(bytes.strip, lines)).count(b"")
