"""Writes down that terms are over and that renewals begin, a bounded step a call. Killed at any moment, it goes on.

Two workers take different chunks. Nothing is announced: an event told from the start when each policy ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.policies.store import expiry
from shared.db.transaction import Tx
from shared.process.logs import get_logger

CHUNKS_AT_ONCE: Final = 10
"""Up to ten thousand policies: a second of work, so that locks are short; many single policies at a time, too."""

log = get_logger()


def expire_some(tx: Tx, *, now: datetime) -> bool:
    """Work off some chunks that are due; False where there are none, or others are at what is left."""
    chunks = expiry.take_ending(tx, now, most=CHUNKS_AT_ONCE)
    if not chunks:
        return False
    expired = expiry.expire(tx, chunks, now)
    begun = expiry.begin_renewals(tx, expired)
    resting = expiry.look_ahead(tx, chunks, now)
    if expired:
        log.info("policies_expired", expired=len(expired), begun=len(begun), chunks=len(chunks))
    return bool(expired) or resting > 0
