"""Durations as an operator types them: 90s, 15m, 6h, 3d, or several in a row (1d12h); and moments, with their zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WHOLE = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")


def parse_duration(text: str) -> timedelta:
    """``3d`` is three days. Raises ValueError with the forms that are understood."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write 90s, 15m, 6h, 3d, 2w or several in a row, as in 1d12h")
    return sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _PART.findall(text)), timedelta())


def parse_moment(text: str) -> datetime:
    """``2028-02-29T00:02+08:00``. Raises ValueError with the form that is understood."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is not a moment; write it with its zone, e.g. 2028-02-29T00:02+08:00")
    return moment
