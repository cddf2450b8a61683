"""In which encoding a file of lines is written, UTF-8 or GB18030: decided once, from the first bytes that tell.

Both agree on ASCII. Text in Chinese in one of them is hardly ever valid in the other, so a header in Chinese decides,
and else the lines that are not ASCII do, by majority: one damaged line does not turn a file into another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import pyarrow as pa

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.intake.line_faults import ENCODING_INVALID, mark

Charset = Literal["utf-8", "gb18030"]

_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_GB18030_MARK: Final = b"\x84\x31\x95\x33"
_FIX: Final = "Save the file as UTF-8 or GB18030."
_NEWLINE: Final = b"\n"
_NUL: Final = b"\0"
_SURE: Final = "\u0800"
"""From here on UTF-8 takes three bytes, as for all Chinese, and GB18030 hardly ever looks so by chance. Two bytes may
be both: é in one is 茅 in the other."""


class Decoder:
    """Turns the lines of one file into text, in the file's order; ``charset`` is what its sender says it is in."""

    def __init__(self, charset: Charset | None = None) -> None:
        self._charset = charset

    def header(self, line: bytes) -> str:
        """A first line that names the columns, as text.

        Raises:
            UnreadableFile: it is written in neither encoding.
        """
        line = self.unmarked(line)
        if not line.isascii() and (self._charset is None or not _is(line, self._charset)):
            self._charset = "utf-8" if _is(line, "utf-8") else "gb18030"
        try:
            return line.decode(self._charset or "ascii")
        except UnicodeDecodeError:
            raise UnreadableFile("Its first line is written in neither UTF-8 nor GB18030.", _FIX) from None

    def unmarked(self, line: bytes) -> bytes:
        """The first line without a byte order mark, which settles the encoding.

        Raises:
            UnreadableFile: it is written in neither encoding.
        """
        if line.startswith(_UTF_16_MARKS) or b"\0" in line:
            raise UnreadableFile("It is no text in UTF-8 or GB18030; it may be UTF-16.", _FIX)
        if line.startswith(_UTF_8_MARK):
            self._charset = "utf-8"
            return line.removeprefix(_UTF_8_MARK)
        if line.startswith(_GB18030_MARK):
            self._charset = "gb18030"
            return line.removeprefix(_GB18030_MARK)
        return line

    def data(self, lines: Sequence[bytes]) -> bytes:
        """The lines joined by line feeds, in UTF-8; one that is no text becomes its mark, a NUL what no rule accepts.

        Most files pass as they are, so nothing is decoded that need not be.
        """
        joined = _NEWLINE.join(lines)
        if _NUL not in joined and joined.isascii():
            return joined
        charset = self._charset or self._decide(lines)
        if charset == "utf-8" and _NUL not in joined and _is_utf_8(joined):
            return joined
        try:
            return _without_nul(joined.decode(charset)).encode()
        except UnicodeDecodeError:
            return "\n".join(_decoded(line, charset) for line in lines).encode()

    def _decide(self, lines: Sequence[bytes]) -> Charset:
        telling = [line for line in lines if not line.isascii()]
        utf_8 = sum(1 for line in telling if _is(line, "utf-8") and max(line.decode()) >= _SURE)
        gb18030 = sum(1 for line in telling if not _is(line, "utf-8") and _is(line, "gb18030"))
        found: Charset = "gb18030" if gb18030 > utf_8 else "utf-8"
        if utf_8 or gb18030:
            self._charset = found
        return found


def _is(line: bytes, charset: Charset) -> bool:
    try:
        line.decode(charset)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf_8(data: bytes) -> bool:
    """Arrow looks at many bytes at once; Python would make a text of them, which takes ten times as long."""
    offsets = pa.array([0, len(data)], pa.int64()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decoded(line: bytes, charset: Charset) -> str:
    return _without_nul(line.decode(charset)) if _is(line, charset) else mark(ENCODING_INVALID)


def _without_nul(text: str) -> str:
    """The database stores no NUL, and in a part it begins a mark."""
    return text.replace("\0", "\ufffd")
