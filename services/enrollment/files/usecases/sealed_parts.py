"""A part of an upload as it waits in the database: compressed, then sealed, tied to its batch and place."""

from __future__ import annotations

import zstandard

from shared.privacy.sealed import DataKey
from shared.values.ids import BatchId


def seal_part(key: DataKey, batch_id: BatchId, number: int, data: bytes) -> bytes:
    """A part of an upload. Compressed before: that takes less time than to store and read the rest of it."""
    return key.seal_bytes(zstandard.ZstdCompressor(level=1).compress(data), _part_context(batch_id, number))


def open_part(key: DataKey, batch_id: BatchId, number: int, sealed: bytes) -> bytes:
    """The part's text in UTF-8.

    Raises:
        SealBroken: it is another part, or damaged.
    """
    return zstandard.ZstdDecompressor().decompress(key.open_bytes(sealed, _part_context(batch_id, number)))


def _part_context(batch_id: BatchId, number: int) -> str:
    """Ties a part of an upload to its batch and place."""
    return f"batch:{batch_id}:part:{number}"
