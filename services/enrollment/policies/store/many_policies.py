"""Writes thousands of new policies by binary COPY straight into their table. One alone is new_policies'.

Who is covered already or wants no cover was asked for before (standing); the unique index has the last word.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import psycopg2.errors

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.policies.domain.chunks import CHUNK_ROWS
from services.enrollment.policies.store.copy_rows import binary_rows
from shared.db.copy_columns import Array, Column, packed
from shared.db.transaction import Tx

ID_BYTES: Final = 16
TOKEN_BYTES: Final = 17
HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class _Rows:
    people: pl.DataFrame
    policy_ids: Sequence[bytes]
    chunk_ids: Sequence[bytes]
    under: SoldUnder

    @property
    def places(self) -> Array:
        return np.arange(self.people.height)

    def packed(self, name: str, width: int) -> Array:
        return packed(b"".join(self.people[name].to_list()), width)

    def moments(self, name: str) -> Array:
        return self.people[name].to_numpy().astype(">i8")


_FIXED: Final[dict[str, Callable[[_Rows], Column]]] = {
    "policy_id": lambda rows: packed(b"".join(rows.policy_ids), ID_BYTES),
    "chunk_id": lambda rows: packed(b"".join(rows.chunk_ids), ID_BYTES)[rows.places // CHUNK_ROWS],
    "effective_from": lambda rows: rows.moments("effective_from"),
    "effective_to": lambda rows: rows.moments("effective_to"),
    "consent_given_at": lambda rows: rows.moments("consent_given_at"),
    "premium_fen": lambda rows: np.array(rows.under.premium, ">i8"),
    "partner_no": lambda rows: np.array(rows.under.partner_no, ">i4"),
    "product_id": lambda rows: np.array(rows.under.product_id, ">i4"),
    "product_version": lambda rows: np.array(rows.under.product_version, ">i4"),
    "stacks_by": lambda rows: np.array(rows.under.stacks_by, ">i4"),
    "birth_year": lambda rows: rows.people["birth_year"].to_numpy().astype(">i2"),
    "chunk_place": lambda rows: (rows.places % CHUNK_ROWS).astype(">i2"),
    "person_token": lambda rows: rows.packed("person_token", TOKEN_BYTES),
    "phone_token": lambda rows: rows.packed("phone_token", TOKEN_BYTES),
    "consent_sha256": lambda rows: packed(bytes.fromhex("".join(rows.people["consent_sha256"].to_list())), HASH_BYTES),
}
_TEXTS: Final = ("consent_text_version", "consent_channel", "partner_reference")
_COPY: Final = f"COPY policies ({', '.join((*_FIXED, *_TEXTS))}) FROM STDIN (FORMAT binary)"


def insert(
    tx: Tx, people: pl.DataFrame, policy_ids: Sequence[bytes], chunk_ids: Sequence[bytes], under: SoldUnder
) -> bool:
    """Store a policy for each of ``people``; False, and nothing stored, where one of them is being covered meanwhile.

    ``people`` are in the order of their person tokens: neighbors share a page of the index, and two batches at once
    wait for each other in one order instead of in a deadlock. Each chunk id is that of the next CHUNK_ROWS of them.
    """
    rows = _Rows(people, policy_ids, chunk_ids, under)
    data = binary_rows(people.height, [column(rows) for column in _FIXED.values()], [people[name] for name in _TEXTS])
    try:
        with tx.attempt():
            tx.copy_in(_COPY, io.BytesIO(data))
    except psycopg2.errors.UniqueViolation:
        return False
    return True
