"""Forgets what is left of batches that failed. What they enrolled stays; the partner sends the file again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.enrollment.files.store import failed_batches
from shared.db.transaction import Tx

KEPT: Final = timedelta(days=7)
"""A week, so that a key that was missing can be put back and the damage looked at."""
_AT_ONCE: Final = 100


def forget_failed_parts(tx: Tx, *, now: datetime) -> bool:
    """Empty some parts; whether there may be more."""
    return failed_batches.forget_parts(tx, now - KEPT, most=_AT_ONCE) == _AT_ONCE
