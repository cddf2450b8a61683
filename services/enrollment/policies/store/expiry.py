"""The end of terms, chunk by chunk: what is over expires, and the renewal that follows it begins, in one transaction.

A chunk says when its next policy ends; no index on millions of policies is needed, and a chunk at rest costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_TAKE: Final = """
SELECT chunk_id FROM policy_chunks WHERE ends_next <= %s AND ends_next < 'infinity'
ORDER BY ends_next, chunk_id LIMIT %s FOR UPDATE SKIP LOCKED
"""


def take_ending(tx: Tx, now: datetime, *, most: int) -> list[str]:
    """Lock chunks in which policies may be over and that nobody else is at."""
    return tx.all(_TAKE, (now, most), into=str)


# A policy that somebody is changing right now is left for the next round: its chunk stays due.
_EXPIRE: Final = """
WITH due AS (
    SELECT policy_id FROM policies
    WHERE chunk_id = ANY(%s::uuid[]) AND state = 'in_force' AND effective_to <= %s FOR UPDATE SKIP LOCKED
)
UPDATE policies p SET state = 'expired', version = p.version + 1
FROM due WHERE p.policy_id = due.policy_id RETURNING p.policy_id
"""


def expire(tx: Tx, chunk_ids: Sequence[str], now: datetime) -> list[PolicyId]:
    """End the terms that are over."""
    return tx.all(_EXPIRE, (list(chunk_ids), now), into=PolicyId)


_BEGIN: Final = """
UPDATE policies p SET state = 'in_force', version = p.version + 1
FROM renewals n
WHERE n.renews = ANY(%s::uuid[]) AND p.policy_id = n.policy_id AND p.state = 'upcoming' RETURNING p.policy_id
"""


def begin_renewals(tx: Tx, expired: Sequence[PolicyId]) -> list[PolicyId]:
    """Begin the terms of the renewals that waited for these policies; after ``expire``, for a person has one cover."""
    return tx.all(_BEGIN, (list(expired),), into=PolicyId) if expired else []


_LOOK_AHEAD: Final = """
UPDATE policy_chunks k SET ends_next = coalesce(
    (SELECT min(p.effective_to) FROM policies p WHERE p.chunk_id = k.chunk_id AND p.state IN ('in_force', 'upcoming')),
    'infinity')
WHERE k.chunk_id = ANY(%(ids)s::uuid[])
RETURNING k.ends_next > %(now)s
"""


def look_ahead(tx: Tx, chunk_ids: Sequence[str], now: datetime) -> int:
    """Note when each chunk is to be looked at again; how many of them can rest until then."""
    return sum(tx.all(_LOOK_AHEAD, {"ids": list(chunk_ids), "now": now}, into=bool))
