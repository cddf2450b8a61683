"""What one cell of a stranger's table may mean: nothing, a number, a date, or a place on a ladder of ranges."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Final

MISSING: Final = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "\\N", "NaT", "<NA>", "无", "空", "-", "--"}
)
"""``none`` and ``None`` are not among them: in tables of claims they mean zero, e.g. none in past claims."""

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_SIGNS: Final = "¥￥$€£%"
_DATE: Final = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_COMPACT: Final = re.compile(r"(19|20)(\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_EPOCH: Final = date(1970, 1, 1).toordinal()

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG: Final = (
    *("january", "february", "march", "april", "june", "july", "august", "september", "october", "november"),
    *(
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "sept",
        "tues",
        "thurs",
    ),
)
_LADDERS: Final = (
    ("very low", "low", "medium", "high", "very high"),
    ("none", "low", "moderate", "high", "severe"),
    ("small", "medium", "large"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("低", "中", "高"),
)
_ZERO: Final = frozenset({"none", "no", "never", "new", "no change", "zero", "nil", "无变化", "从未"})
_UNITS: Final = (
    ("year", 365.25), ("yr", 365.25), ("年", 365.25), ("month", 30.44), ("个月", 30.44), ("week", 7.0), ("周", 7.0),
    ("day", 1.0), ("天", 1.0), ("日", 1.0),
)  # fmt: skip
_NUMBER: Final = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_OPEN_ABOVE: Final = ("more", "over", "above", "greater", "at least", "older", ">", "+", "以上", "超过")
MOST_STEPS: Final = 100
"""Of a scale; more are references that happen to hold numbers."""
_OPEN_BELOW: Final = ("less", "under", "below", "fewer", "up to", "at most", "younger", "<", "以下", "不足")


def number(text: str) -> float | None:
    """``1,234.50``, ``¥3``, ``12%`` and ``1e5`` as numbers (a share stays in percent); None if it is none."""
    if _PLAIN.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else None
    bare = text.strip().strip(_SIGNS).strip()
    if _GROUPED.fullmatch(bare):
        return float(bare.replace(",", ""))
    return float(bare) if bare != text and _PLAIN.fullmatch(bare) and math.isfinite(float(bare)) else None


def day(text: str) -> float | None:
    """Days since 1970, with the part of the day; None if it is no date that has one meaning."""
    found = _DATE.fullmatch(text)
    try:
        if found:
            year, month, on, hour, minute, second = (int(part or 0) for part in found.groups())
            at = datetime(year, month, on, hour, minute, second)  # noqa: DTZ001  a table's own time, whichever it is
            return at.toordinal() - _EPOCH + (hour * 3600 + minute * 60 + second) / 86_400
        compact = _COMPACT.fullmatch(text)
        if compact:
            century, year, month, on = (int(part) for part in compact.groups())
            return float(date(century * 100 + year, month, on).toordinal() - _EPOCH)
    except ValueError:
        return None
    return None


def ladder(words: list[str]) -> list[float] | None:
    """Where each word of a column stands on a scale, e.g. 24.5 for ``20 to 29``; None if they make no scale.

    A word that is the only one of its column without a place, such as ``unknown``, gets NaN.
    """
    low = [" ".join(word.lower().split()) for word in words]
    for known in (_MONTHS, _DAYS):
        if all(word[:3] in known and (word in known or word in _LONG) for word in low):
            return [float(known.index(word[:3])) for word in low]
    for steps in _LADDERS:
        if set(low) <= set(steps) and len(set(low)) > 1:
            return [float(steps.index(word)) for word in low]
    if len(low) > MOST_STEPS or not any(_ranges(word) for word in low):
        return None
    places = [_place(word) for word in low]
    known_places = [place for place in places if place is not None]
    ranges = sum(1 for word, place in zip(low, places, strict=True) if place is not None and word not in _ZERO)
    if ranges < 2 or len(known_places) < len(places) - 1 or len(set(known_places)) < len(known_places):  # noqa: PLR2004
        return None
    return [math.nan if place is None else place for place in places]


def _ranges(word: str) -> bool:
    """Whether the word speaks of a range or of a length of time; ``shop 12`` does not."""
    numbers, rest = _NUMBER.findall(word), _NUMBER.sub("", word)
    signs = (*_OPEN_ABOVE, *_OPEN_BELOW, *(unit for unit, _ in _UNITS))
    return len(numbers) == 2 or (len(numbers) == 1 and any(sign in rest for sign in signs))  # noqa: PLR2004


def _place(word: str) -> float | None:
    if word in _ZERO:
        return -1.0
    numbers = [float(found.replace(",", "")) for found in _NUMBER.findall(word)]
    rest = _NUMBER.sub("", word)
    letters = sum(character.isalpha() for character in rest)
    if not numbers or len(numbers) > 2 or letters > 24 or re.search(r"[a-z]\d|\d[a-z]{3}", word):  # noqa: PLR2004
        return None
    scale = next((times for unit, times in _UNITS if unit in rest), 1.0)
    middle = sum(numbers) / len(numbers)
    if any(sign in rest for sign in _OPEN_ABOVE):
        middle += abs(middle) / 1000 + 0.5
    elif any(sign in rest for sign in _OPEN_BELOW):
        middle -= abs(middle) / 1000 + 0.5
    return middle * scale
