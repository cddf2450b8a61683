"""Which policies a batch brought, a few chunks at a time. What was rejected stands in store.batches."""

from __future__ import annotations

from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import BatchId, PolicyId

_CHUNKS: Final = """
SELECT chunk_id FROM policy_chunks
WHERE batch_id = %s AND chunk_id > %s::uuid ORDER BY chunk_id LIMIT %s
"""
_OF_CHUNKS: Final = """
SELECT partner_reference, policy_id FROM policies WHERE chunk_id = ANY(%s::uuid[]) ORDER BY policy_id
"""
_BEFORE_ALL: Final = "00000000-0000-0000-0000-000000000000"


def accepted(
    tx: Tx, batch_id: BatchId, *, after: str | None, chunks: int
) -> tuple[list[tuple[str, PolicyId]], str | None]:
    """References and policies that some chunks of the batch brought, and after which one to go on; None at the end."""
    found = tx.all(_CHUNKS, (batch_id, after or _BEFORE_ALL, chunks), into=str)
    if not found:
        return [], None
    return tx.all(_OF_CHUNKS, (found,), into=tuple[str, PolicyId]), found[-1]
