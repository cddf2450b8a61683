"""Lines of a file that are no rows: how they travel in a part until it is worked off, and what is said of them.

Such a line stands in its part as a NUL, a code, what it is about, and more commas than any header has: as its number of
fields is wrong, telling good lines from it costs nothing. No other line has a NUL. What is wrong with a row is the
rules' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.enrollment.policies.domain.rows import Fault

_MARK: Final = "\0"
_FIELDS: Final = "," * 31

COLUMNS_WRONG: Final = "columns_wrong"
ENCODING_INVALID: Final = "encoding_invalid"
JSON_INVALID: Final = "json_invalid"
JSON_KEY_UNKNOWN: Final = "json_key_unknown"
JSON_KEY_REPEATED: Final = "json_key_repeated"
JSON_VALUE_INVALID: Final = "json_value_invalid"

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    ENCODING_INVALID: (
        "The line holds bytes that are no text in the encoding of the file.",
        "Save the whole file as UTF-8, or the whole file as GB18030.",
    ),
    JSON_INVALID: ("The line is no JSON object.", 'Send one JSON object a line, e.g. {"name": "…", "phone": "…"}.'),
    JSON_KEY_UNKNOWN: ("The {} key of the object is not known.", "Send the keys of the columns alone."),
    JSON_KEY_REPEATED: ("The object names the column {} more than once.", "Send each column once."),
    JSON_VALUE_INVALID: (
        "The object's value of {} is neither text, a whole number nor null.",
        "Send each value as text.",
    ),
}


def mark(code: str, about: str = "") -> str:
    """What stands in a part in place of a line that is no row; ``about`` is a column or an ordinal, nothing sent."""
    return f"{_MARK}{code}:{about}{_FIELDS}"


def fault_of(line: str, fields: int) -> Fault:
    """What is said of a line that has another number of fields than ``fields``, the header's."""
    code, _, about = line.removeprefix(_MARK).rstrip(",").partition(":") if line.startswith(_MARK) else ("", "", "")
    if code in _SENTENCES:
        detail, fix = _SENTENCES[code]
        return Fault("line", code, detail.replace("{}", about), fix)
    return Fault(
        "line",
        COLUMNS_WRONG,
        "The line has another number of fields than the header, or a quote that is not closed.",
        f"Send {fields} fields, separated by commas; put a field that holds a comma in quotes.",
    )
