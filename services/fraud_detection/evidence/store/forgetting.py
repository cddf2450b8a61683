"""Drops files: of claims whose persons are forgotten, and those that no claim ever named.

What is dropped cannot be opened from that moment on, for its key is gone; the worker then removes it from the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.evidence.domain.files import EvidenceId, ObjectId
from services.fraud_detection.evidence.store import objects
from shared.db.transaction import Tx
from shared.process.clock import wall_now
from shared.values.ids import ClaimId

_FORGET: Final = """
INSERT INTO evidence_forgotten (claim_id, forgotten_at) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING
"""
# While a claim is open, whoever decides it needs its documents.
_OF_POLICIES: Final = """
SELECT claim_id FROM claims JOIN claim_states USING (state)
WHERE policy_id = ANY(%s::uuid[]) AND nothing_open
  AND NOT EXISTS (SELECT FROM evidence_forgotten g WHERE g.claim_id = claims.claim_id)
ORDER BY claim_id
"""
# Two who forget two claims that share a file come one after the other, each to see what the other forgot: they lock the
# file, and the second statement looks again.
_LOCK: Final = """
SELECT f.evidence_id FROM evidence_files f
WHERE EXISTS (SELECT FROM evidence e JOIN claims c USING (claim_id)
              WHERE e.claim_id = ANY(%s::uuid[]) AND c.tenant = f.tenant AND e.sha256 = f.sha256)
ORDER BY f.evidence_id FOR UPDATE OF f
"""
_HELD_BY_NOBODY: Final = """
SELECT f.evidence_id FROM evidence_files f
WHERE f.evidence_id = ANY(%s::uuid[]) AND NOT EXISTS (
    SELECT FROM evidence e JOIN claims c USING (claim_id)
    WHERE c.tenant = f.tenant AND e.sha256 = f.sha256
      AND NOT EXISTS (SELECT FROM evidence_forgotten g WHERE g.claim_id = e.claim_id))
"""


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Drop the files of the claims on these policies that are over; how many claims had not been forgotten."""
    found = tx.all(_OF_POLICIES, (list(policies),), into=ClaimId)
    forget(tx, found)
    return len(found)


def forget(tx: Tx, claim_ids: Sequence[ClaimId]) -> None:
    """Drop the files of these claims, but for those that a claim of somebody else names too. Twice is once."""
    if not claim_ids:
        return
    tx.execute(_FORGET, (list(claim_ids), wall_now()))
    locked = tx.all(_LOCK, (list(claim_ids),), into=EvidenceId)
    _drop(tx, tx.all(_HELD_BY_NOBODY, (locked,), into=EvidenceId), now=wall_now())


_UNCLAIMED: Final = """
SELECT f.evidence_id FROM evidence_files f
WHERE f.received_at < %s AND NOT EXISTS (
    SELECT FROM evidence e JOIN claims c USING (claim_id)
    WHERE c.tenant = f.tenant AND e.sha256 = f.sha256
      AND NOT EXISTS (SELECT FROM evidence_forgotten g WHERE g.claim_id = e.claim_id))
ORDER BY f.received_at LIMIT %s FOR UPDATE OF f SKIP LOCKED
"""


def drop_unclaimed(tx: Tx, received_before: datetime, *, most: int, now: datetime) -> int:
    """Drop files that came before and that no claim names; how many. ``now`` is real time."""
    found = tx.all(_UNCLAIMED, (received_before, most), into=EvidenceId)
    _drop(tx, found, now=now)
    return len(found)


_DROP_VIEWS: Final = "DELETE FROM evidence_views WHERE evidence_id = ANY(%s::uuid[]) RETURNING object_id"
_DROP_FILES: Final = "DELETE FROM evidence_files WHERE evidence_id = ANY(%s::uuid[]) RETURNING object_id"


def _drop(tx: Tx, evidence_ids: Sequence[EvidenceId], *, now: datetime) -> None:
    if not evidence_ids:
        return
    found = [*tx.all(_DROP_VIEWS, (list(evidence_ids),), into=ObjectId)]
    found += tx.all(_DROP_FILES, (list(evidence_ids),), into=ObjectId)
    objects.drop(tx, found, now=now)
