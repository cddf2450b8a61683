"""Ends what rows of files were told, by age. The batch stays with its counts, and so does what its rows did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.enrollment.files.store import expired_results
from services.enrollment.files.store.expired_results import EndedBefore
from shared.db.transaction import Tx

STILL_READ: Final = timedelta(hours=1)
"""Who began to read results just before they expired is done by then: a million rows take minutes."""
_BATCHES_AT_ONCE: Final = 100
_BITE: Final = 5_000
"""Rows. Some tens of milliseconds of deleting; other transactions hardly notice."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long results are kept once a batch has ended."""

    of_files: timedelta
    of_dry_runs: timedelta


def end_results(tx: Tx, kept: Kept, *, now: datetime) -> bool:
    """Tell results no more that were kept long enough, and drop a bite of what expired; whether there may be more."""
    ended = EndedBefore(files=now - kept.of_files, dry_runs=now - kept.of_dry_runs)
    expired = expired_results.expire(tx, ended, most=_BATCHES_AT_ONCE, now=now)
    dropped = expired_results.drop(tx, now - STILL_READ, most=_BITE, now=now)
    return dropped or expired == _BATCHES_AT_ONCE
