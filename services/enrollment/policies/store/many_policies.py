"""Writes thousands of new policies by binary COPY straight into their table. One alone is new_policies'.

Who is covered already or wants no cover was asked for before (standing); the unique index has the last word.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
import psycopg2.errors

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.policies.domain.chunks import CHUNK_ROWS
from services.enrollment.policies.store.copy_rows import binary_rows
from shared.db.copy_columns import packed
from shared.db.copy_format import bigint, copy_rows, integer, timestamptz, uuid
from shared.db.transaction import Tx
from shared.values.ids import BatchId, EventId

ID_BYTES: Final = 16
TOKEN_BYTES: Final = 17
HASH_BYTES: Final = 32

_COPY: Final = """
COPY policies (policy_id, chunk_id, effective_from, effective_to, consent_given_at, premium_fen, partner_no, product_id,
    product_version, stacks_by, birth_year, chunk_place, person_token, phone_token, consent_sha256,
    consent_text_version, consent_channel, partner_reference)
FROM STDIN (FORMAT binary)
"""


def insert(
    tx: Tx, people: pl.DataFrame, policy_ids: Sequence[bytes], chunk_ids: Sequence[bytes], under: SoldUnder
) -> bool:
    """Store a policy for each of ``people``; False, and nothing stored, where one of them is being covered meanwhile.

    ``people`` are in the order of their person tokens: neighbors share a page of the index, and two batches at once
    wait for each other in one order instead of in a deadlock. Each chunk id is that of the next CHUNK_ROWS of them.
    """
    data = _rows(people, policy_ids, chunk_ids, under)
    tx.execute("SAVEPOINT inserting")
    try:
        tx.copy_in(_COPY, io.BytesIO(data))
    except psycopg2.errors.UniqueViolation:
        tx.execute("ROLLBACK TO SAVEPOINT inserting")
        return False
    return True


def _rows(people: pl.DataFrame, policy_ids: Sequence[bytes], chunk_ids: Sequence[bytes], under: SoldUnder) -> bytes:
    count = people.height
    places = np.arange(count)
    fixed = (
        packed(b"".join(policy_ids), ID_BYTES),
        packed(b"".join(chunk_ids), ID_BYTES)[places // CHUNK_ROWS],
        people["effective_from"].to_numpy().astype(">i8"),
        people["effective_to"].to_numpy().astype(">i8"),
        people["consent_given_at"].to_numpy().astype(">i8"),
        np.array(under.premium, ">i8"),
        np.array(under.partner_no, ">i4"),
        np.array(under.product_id, ">i4"),
        np.array(under.product_version, ">i4"),
        np.array(under.stacks_by, ">i4"),
        people["birth_year"].to_numpy().astype(">i2"),
        (places % CHUNK_ROWS).astype(">i2"),
        packed(b"".join(people["person_token"].to_list()), TOKEN_BYTES),
        packed(b"".join(people["phone_token"].to_list()), TOKEN_BYTES),
        packed(bytes.fromhex("".join(people["consent_sha256"].to_list())), HASH_BYTES),
    )
    texts = (people["consent_text_version"], people["consent_channel"], people["partner_reference"])
    return binary_rows(count, fixed, texts)


@dataclass(frozen=True, slots=True)
class NewChunk:
    """Up to CHUNK_ROWS policies that one event announced, and the sealed record of their people."""

    chunk_id: str
    policies: int
    event_id: EventId
    sealed: bytes
    ends_next: datetime
    """Before then none of them ends."""


_COPY_CHUNKS: Final = """
COPY policy_chunks (chunk_id, policies, event_id, sealed, ends_next, batch_id, partner_no, product_id,
                           product_version, kind, premium_fen, tax_fen, compensation_fen, compensation_kind,
                           enrolled_at)
FROM STDIN (FORMAT binary)
"""


def add_chunks(
    tx: Tx, chunks: Sequence[NewChunk], under: SoldUnder, *, batch_id: BatchId | None, enrolled_at: datetime
) -> None:
    """Note which events announced which policies, and what each of them costs."""
    shared = (
        uuid(batch_id) if batch_id else None,
        integer(under.partner_no),
        integer(under.product_id),
        integer(under.product_version),
        b"enrolled",
        bigint(under.premium),
        bigint(under.tax),
        bigint(under.compensation),
        under.compensation_kind.encode(),
        timestamptz(enrolled_at),
    )
    rows = [
        (uuid(each.chunk_id), integer(each.policies), uuid(each.event_id), each.sealed, timestamptz(each.ends_next))
        for each in chunks
    ]
    copy_rows(tx, _COPY_CHUNKS, [(*row, *shared) for row in rows])
