"""A file of one JSON object a line (NDJSON) into parts. Keys are named as columns are, in Chinese or English.

A line that is no such object is one rejected row; the others are enrolled.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.domain.file_columns import FileColumns
from services.enrollment.files.intake import line_faults
from services.enrollment.files.intake.charset import Charset, Decoder
from services.enrollment.files.intake.column_names import column_of, ordinal
from services.enrollment.files.intake.lines import BLANK, FilePart, Lines, rows_in

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNREADABLE: Final = "\ufffd"
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_NO_JSON: Final = (msgspec.DecodeError, RecursionError)
"""What decoding ends with: a value that is nested too deeply is no fault to msgspec, but the end of its recursion."""
_PAIRS: Final = json.JSONDecoder(object_pairs_hook=list)
"""Keeps a key that stands twice, of which msgspec keeps the last; it takes three times as long."""
_KEY_END: Final = re.compile(rb'"[ \t\r]*:')
"""A key ends so, and else only a text with a quote in it does: there are as many as keys, or more."""
_BLANKS: Final = tuple(b" \t\r")
_NOT_GIVEN: Final = "\0"
"""Stands for a column without a key until they are counted; no text is taken that holds it."""
_UNDECODED: Final = line_faults.mark(line_faults.ENCODING_INVALID)


class NdjsonFile:
    """Read ``header``, then exhaust ``parts``."""

    def __init__(self, pieces: Iterable[bytes], columns: FileColumns, charset: Charset | None = None) -> None:
        self._lines = Lines(pieces)
        self._decoder = Decoder(charset)
        self._usual: msgspec.json.Decoder[Any] | None = None
        self.header = columns.names

    def parts(self) -> Iterator[FilePart]:
        """The file's rows; its lines are counted from 1, for it has no header."""
        number = 0
        for first_line, lines in self._lines.groups():
            if first_line == 1:
                lines[0] = self._decoder.unmarked(lines[0])
                _refuse_array(lines[0])
            rows = rows_in(lines)
            if rows:
                data = self._csv(self._decoder.data(lines), lines).encode()
                lines.clear()
                yield FilePart(number, first_line, rows, data)
                number += 1

    def _csv(self, data: bytes, lines: Sequence[bytes]) -> str:
        """Lines of JSON, in UTF-8 and as they came, as as many lines of CSV."""
        found = self._objects(data, lines)
        if found:
            cells = list(map(msgspec.structs.astuple, found))
            written = self._joined(cells) or _written(cells)
            keys = len(lines) * len(self.header) - written.count(_NOT_GIVEN)
            if written.count("\n") == len(lines) and "\r" not in written and _keys_in(data) == keys:
                return written.replace(_NOT_GIVEN, "")
        return "".join(self._one(line) for line in data.decode().split("\n"))

    def _objects(self, data: bytes, lines: Sequence[bytes]) -> list[Any]:
        """The objects of a text in UTF-8 that has one in each line, as almost all have; else nothing.

        What is decoded at once is values, whatever lies between them. No text in one holds a line feed, and no object
        another, so where each line begins with a brace, each object ends in its line; as many of them are one a line.
        """
        if [line[:1] for line in lines].count(b"{") != len(lines):
            return []
        usual = self._usual or self._learn(data)
        try:
            found = usual.decode_lines(data)
        except _NO_JSON:
            return []
        return found if len(found) == len(lines) else []

    def _joined(self, rows: Sequence[Sequence[Any]]) -> str | None:
        """The rows as CSV, a quarter of the writer's work; None where a cell is no text or needs quotes."""
        try:
            text = "\n".join(map(",".join, rows)) + "\n"
        except TypeError:
            return None
        plain = text.count(",") == len(rows) * (len(self.header) - 1) and '"' not in text
        return text if plain else None

    def _learn(self, data: bytes) -> msgspec.json.Decoder[Any]:
        """A decoder for objects with the keys of the first one: most files name each column alike in all lines."""
        keys = {name: name for name in self.header}
        try:
            first = _OBJECT.decode(data.partition(b"\n")[0])
        except _NO_JSON:
            first = {}
        keys.update({column: key for key in first if (column := column_of(key)) in keys})
        fields = [(name, str | int | None, _NOT_GIVEN) for name in self.header]
        row = msgspec.defstruct("Row", fields, rename=keys, forbid_unknown_fields=True)
        self._usual = msgspec.json.Decoder(row)
        return self._usual

    def _one(self, line: str) -> str:
        if not line.strip(BLANK):
            return "\n"
        try:
            values = _OBJECT.decode(line)
            repeated = _repeated(line, len(values))
        except _NO_JSON:
            undecoded = line == _UNDECODED
            return line_faults.mark(line_faults.ENCODING_INVALID if undecoded else line_faults.JSON_INVALID) + "\n"
        row: dict[str, Any] = {}
        for place, (key, value) in enumerate(values.items(), start=1):
            column = column_of(key)
            if column is None or column not in self.header:
                return line_faults.mark(line_faults.JSON_KEY_UNKNOWN, ordinal(place)) + "\n"
            if column in row or key == repeated:
                return line_faults.mark(line_faults.JSON_KEY_REPEATED, column) + "\n"
            if not _is_cell(value):
                return line_faults.mark(line_faults.JSON_VALUE_INVALID, column) + "\n"
            row[column] = value
        return _written([tuple(_clean(row.get(name)) for name in self.header)])


def _keys_in(data: bytes) -> int:
    """How many keys stand in some objects, those that stand twice with them; more where a text looks like one."""
    octets = np.frombuffer(data, np.uint8)
    before_colons = octets[:-1][octets[1:] == ord(":")]
    if np.isin(before_colons, _BLANKS).any():
        return len(_KEY_END.findall(data))
    return int(np.count_nonzero(before_colons == ord('"')))


def _repeated(line: str, keys: int) -> str | None:
    """The key that an object of so many different ones has twice."""
    if len(_KEY_END.findall(line.encode())) == keys:
        return None
    names = [name for name, _value in _PAIRS.decode(line.strip(BLANK))]
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _refuse_array(line: bytes) -> None:
    if line.lstrip().startswith(b"["):
        raise UnreadableFile("It is one JSON array.", "Send one object a line, without brackets around them.")


def _is_cell(value: object) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _clean(value: str | int | None) -> str | int | None:
    """A line break would end the row, so it becomes what no rule accepts."""
    return _CONTROL.sub(_UNREADABLE, value) if isinstance(value, str) else value


def _written(rows: Iterable[Iterable[str | int | None]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
