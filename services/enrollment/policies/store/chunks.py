"""Chunks of policies: which event announced them, what each of them costs, and their people, sealed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.enrollment.partners.domain.sold_under import SoldUnder
from shared.db.columns import Columns
from shared.db.copy_format import bigint, copy_rows, integer, timestamptz, uuid
from shared.db.transaction import Tx
from shared.values.ids import BatchId, EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChunk:
    """Up to CHUNK_ROWS policies that one event announced, and the sealed record of their people."""

    chunk_id: str
    batch_id: BatchId | None = None
    kind: Literal["enrolled", "renewed"] = "enrolled"
    policies: int
    under: SoldUnder
    enrolled_at: datetime
    event_id: EventId
    sealed: bytes
    ends_next: datetime
    """Before then none of them ends."""


_CHUNK: Final = Columns(
    NewChunk,
    under={"premium": "premium_fen", "tax": "tax_fen", "compensation": "compensation_fen", "stacks_by": "0"},
)
_ADD: Final = f"INSERT INTO policy_chunks ({_CHUNK.names}) VALUES ({_CHUNK.places})"
_COPY: Final = f"COPY policy_chunks ({_CHUNK.names}) FROM STDIN (FORMAT binary)"
_BINARY: Final[dict[str, Callable[[Any], bytes]]] = {
    **dict.fromkeys(("chunk_id", "batch_id", "event_id"), uuid),
    **dict.fromkeys(("policies", "under.partner_no", "under.product_id", "under.product_version"), integer),
    **dict.fromkeys(("under.premium", "under.tax", "under.compensation"), bigint),
    **dict.fromkeys(("enrolled_at", "ends_next"), timestamptz),
    **dict.fromkeys(("kind", "under.compensation_kind"), str.encode),
    "sealed": bytes,
}


def add(tx: Tx, chunk: NewChunk) -> None:
    tx.later(_ADD, _CHUNK.values(chunk))


def add_many(tx: Tx, chunks: Sequence[NewChunk]) -> None:
    """The same, binary: as text a sealed record would be twice as long."""
    rows = [_CHUNK.values(chunk).items() for chunk in chunks]
    copy_rows(tx, _COPY, [[None if it is None else _BINARY[path](it) for path, it in row] for row in rows])
