"""The sealed records of a chunk's people, one blob a chunk. What is in it only the vault knows."""

from __future__ import annotations

from typing import Final

from shared.db.transaction import Tx

_READ: Final = "SELECT sealed FROM policy_chunks WHERE chunk_id = %s"
_WRITE: Final = "UPDATE policy_chunks SET sealed = %s WHERE chunk_id = %s"


def read(tx: Tx, chunk_id: str, *, lock: bool = False) -> bytes:
    """The blob; ``lock`` keeps others from writing it until this transaction ends."""
    return tx.the(_READ + " FOR UPDATE" if lock else _READ, (chunk_id,), into=bytes)


def write(tx: Tx, chunk_id: str, sealed: bytes) -> None:
    """Overwrite the blob that was read with ``lock``."""
    tx.execute(_WRITE, (sealed, chunk_id))
