"""Gives memory back to the system after work that took much of it for a moment."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Free what the C library keeps for the next time, some milliseconds of work; nothing with another library."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
