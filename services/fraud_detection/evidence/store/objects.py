"""Which objects lie in the store, each with its sealed key. An object is told here before it is written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.evidence.domain.files import ObjectId
from shared.db.transaction import Tx

_STAGE: Final = "INSERT INTO evidence_objects (object_id, state, since) VALUES (%s, 'staged', %s)"


def stage(tx: Tx, object_id: ObjectId, *, now: datetime) -> None:
    """It is about to be written. ``now`` is real time, here and below."""
    tx.execute(_STAGE, (object_id, now))


_KEEP: Final = """
UPDATE evidence_objects SET state = 'kept', sealed_key = given.sealed_key
FROM unnest(%s::uuid[], %s::bytea[]) AS given (object_id, sealed_key)
WHERE evidence_objects.object_id = given.object_id AND state = 'staged'
"""


def keep(tx: Tx, sealed_keys: Mapping[ObjectId, bytes]) -> bool:
    """They were written and are referred to from now on; False if one of them was given up meanwhile: roll back."""
    return tx.execute(_KEEP, (list(sealed_keys), list(sealed_keys.values()))) == len(sealed_keys)


_DROP: Final = """
UPDATE evidence_objects SET state = 'dropped', sealed_key = NULL, since = %s
WHERE object_id = ANY(%s::uuid[]) AND state <> 'dropped'
"""


def drop(tx: Tx, object_ids: Sequence[ObjectId], *, now: datetime) -> None:
    """Nobody can read them from now on; the job removes them from the store."""
    if object_ids:
        tx.execute(_DROP, (now, list(object_ids)))


_SEALED_KEY: Final = "SELECT sealed_key FROM evidence_objects WHERE object_id = %s AND state = 'kept'"


def sealed_key(tx: Tx, object_id: ObjectId) -> bytes | None:
    return tx.one(_SEALED_KEY, (object_id,), into=bytes)


# Who keeps an object that is staged changes its row, and so comes before this or too late.
_GIVE_UP: Final = """
UPDATE evidence_objects SET state = 'dropped'
WHERE object_id IN (
    SELECT object_id FROM evidence_objects
    WHERE state = 'dropped' OR (state = 'staged' AND since < %s)
    ORDER BY since LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING object_id
"""


def give_up(tx: Tx, staged_before: datetime, *, most: int) -> list[ObjectId]:
    """Those to remove from the store: dropped, or staged so long ago that nobody writes them any more."""
    return tx.all(_GIVE_UP, (staged_before, most), into=ObjectId)


_REMOVE: Final = "DELETE FROM evidence_objects WHERE object_id = ANY(%s::uuid[]) AND state = 'dropped'"


def remove(tx: Tx, object_ids: Sequence[ObjectId]) -> None:
    """They are out of the store."""
    tx.execute(_REMOVE, (list(object_ids),))
