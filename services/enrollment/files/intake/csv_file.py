"""A CSV file of subscribers into parts. Its lines pass as they are; only the header's names and the encoding change."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.domain.file_columns import FileColumns
from services.enrollment.files.intake.charset import Charset, Decoder
from services.enrollment.files.intake.column_names import columns_of
from services.enrollment.files.intake.lines import FilePart, Lines, rows_in


class CsvFile:
    """Read ``header``, then exhaust ``parts``."""

    def __init__(self, pieces: Iterable[bytes], columns: FileColumns, charset: Charset | None = None) -> None:
        self._lines = Lines(pieces)
        self._decoder = Decoder(charset)
        first = self._decoder.header(self._lines.first().rstrip(b"\r"))
        if "\r" in first:
            raise UnreadableFile(
                "Its lines end in carriage returns alone.", "End each line with a line feed, or with both."
            )
        if first.startswith("{"):
            raise UnreadableFile("It looks like objects of JSON, a line each.", "Send it as application/x-ndjson.")
        self.header = columns_of(next(csv.reader([first]), []), columns)

    def parts(self) -> Iterator[FilePart]:
        """The rest of the file."""
        number = 0
        for first_line, lines in self._lines.groups():
            rows = rows_in(lines)
            if rows:
                data = self._decoder.data(lines)
                lines.clear()
                yield FilePart(number, first_line, rows, data)
                number += 1
