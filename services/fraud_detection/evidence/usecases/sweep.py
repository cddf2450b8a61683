"""Removes from the store what nobody refers to: given up, left half-way, forgotten, or never named by a claim."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.evidence.domain.errors import ObjectStoreAway
from services.fraud_detection.evidence.store import forgetting, objects
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from shared.process.clock import wall_now
from shared.process.logs import get_logger

STAGED_FOR: Final = timedelta(hours=1)
"""A file of 20 MB is written in seconds, fifty pages in minutes; who takes longer finds its object given up."""
UNCLAIMED_FOR: Final = timedelta(days=30)
"""From a file's arrival until a claim names it. Nobody's erasure would find a file that no claim names."""
_AT_ONCE: Final = 100

log = get_logger()


def sweep(sealed: SealedObjects) -> bool:
    """Remove some; True if there may be more."""
    with sealed.database.transaction() as tx:
        found = objects.give_up(tx, wall_now() - STAGED_FOR, most=_AT_ONCE)
    if not found:
        return False
    # Told first, then removed, then forgotten: whoever is killed between is followed by another.
    try:
        for each in found:
            sealed.store.drop(each)
    except ObjectStoreAway:
        log.warning("evidence_not_swept")
        return False
    with sealed.database.transaction() as tx:
        objects.remove(tx, found)
    return len(found) == _AT_ONCE


def drop_unclaimed(sealed: SealedObjects, *, now: datetime) -> bool:
    """Drop files that no claim named; True if there may be more."""
    with sealed.database.transaction() as tx:
        return forgetting.drop_unclaimed(tx, now - UNCLAIMED_FOR, most=_AT_ONCE, now=wall_now()) == _AT_ONCE
