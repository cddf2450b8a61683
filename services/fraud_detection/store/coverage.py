"""Policies as enrollment told of them: in bulk, newest version wins, an early end apart from the enrollment it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.domain.cover import NOTHING_USED, Coverage, LimitUse
from services.fraud_detection.domain.payable import Payable
from shared.db.transaction import Tx
from shared.events.policies import PoliciesEnrolled, PolicyCanceled
from shared.values.ids import PartnerId, PolicyId, ProductCode, TokenHex
from shared.values.money import Fen

_KEEP_CHUNK: Final = """
INSERT INTO coverage (policy_id, effective_from, effective_to, version, product_version, birth_year,
                      person_token, phone_token, partner_id, product_code, waits_from, retroactive_from, stacks)
SELECT policy_id, effective_from, effective_to, 1, %(product_version)s, birth_year,
       decode(person_token, 'hex'), decode(phone_token, 'hex'), %(partner_id)s, %(product_code)s,
       waits_from, retroactive_from, %(stacks)s
FROM unnest(%(policy_id)s::uuid[], %(effective_from)s::timestamptz[], %(effective_to)s::timestamptz[],
            %(birth_year)s::smallint[], %(person_token)s::text[], %(phone_token)s::text[],
            %(waits_from)s::timestamptz[], %(retroactive_from)s::timestamptz[])
     AS chunk (policy_id, effective_from, effective_to, birth_year, person_token, phone_token,
               waits_from, retroactive_from)
ON CONFLICT (policy_id) DO NOTHING"""

_KEEP_END: Final = """
INSERT INTO coverage_ends (policy_id, version, effective_to, canceled_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (policy_id) DO UPDATE
SET version = excluded.version, effective_to = excluded.effective_to, canceled_at = excluded.canceled_at
WHERE coverage_ends.version < excluded.version"""

_FIND: Final = """
SELECT coverage.policy_id, partner_id, product_code, product_version,
       encode(person_token, 'hex'), encode(phone_token, 'hex'), birth_year, effective_from,
       CASE WHEN coverage_ends.version > coverage.version THEN coverage_ends.effective_to
            ELSE coverage.effective_to END,
       coalesce(coverage_ends.version > coverage.version, false), waits_from, retroactive_from, stacks
FROM coverage LEFT JOIN coverage_ends USING (policy_id)
WHERE coverage.policy_id = %s"""

_USE: Final = "SELECT reserved_fen, deductible_fen FROM limit_use WHERE policy_id = %s"

# Two claims of one policy at once: the second waits for the first one's row, and then fits or touches no row.
_RESERVE: Final = """
INSERT INTO limit_use (policy_id, annual_limit_fen, reserved_fen, deductible_fen)
VALUES (%(policy_id)s, %(limit)s, %(amount)s, %(deductible)s)
ON CONFLICT (policy_id) DO UPDATE
SET reserved_fen = limit_use.reserved_fen + excluded.reserved_fen,
    deductible_fen = limit_use.deductible_fen + excluded.deductible_fen
WHERE limit_use.reserved_fen + excluded.reserved_fen <= %(limit)s AND limit_use.reserved_fen = %(seen)s"""


def keep_chunk(tx: Tx, chunk: PoliciesEnrolled) -> None:
    """All policies of one chunk, in one statement. Known ones stay: an enrollment is always version 1."""
    columns = chunk.policies
    tx.execute(
        _KEEP_CHUNK,
        {
            "partner_id": chunk.partner_id,
            "product_code": chunk.product_code,
            "product_version": chunk.product_version,
            "policy_id": columns.policy_id,
            "stacks": chunk.stacks,
            "effective_from": _texts(columns.effective_from),
            "effective_to": _texts(columns.effective_to),
            "waits_from": _texts(columns.waits_from),
            "retroactive_from": _texts(columns.retroactive_from),
            "birth_year": columns.birth_year,
            "person_token": columns.person_token,
            "phone_token": columns.phone_token,
        },
    )


def _texts(moments: Sequence[datetime] | None) -> list[str] | None:
    """As text: psycopg2 takes 2 us to write a datetime, and a chunk has two thousand."""
    return None if moments is None else [moment.isoformat() for moment in moments]


def keep_end(tx: Tx, canceled: PolicyCanceled) -> None:
    """An early end, unless a newer one is known; its enrollment may come later."""
    tx.execute(_KEEP_END, (canceled.policy_id, canceled.version, canceled.effective_to, canceled.canceled_at))


def find(tx: Tx, policy_id: PolicyId) -> Coverage | None:
    row = tx.one(_FIND, (policy_id,))
    if row is None:
        return None
    return Coverage(
        policy_id=PolicyId(row[0]),
        partner_id=PartnerId(row[1]),
        product_code=ProductCode(row[2]),
        product_version=row[3],
        person_token=TokenHex(row[4]),
        phone_token=TokenHex(row[5]),
        birth_year=row[6],
        effective_from=row[7],
        effective_to=row[8],
        canceled=row[9],
        waits_from=row[10],
        retroactive_from=row[11],
        stacks=row[12],
    )


def limit_use(tx: Tx, policy_id: PolicyId) -> LimitUse:
    row = tx.one(_USE, (policy_id,))
    return LimitUse(reserved_fen=Fen(row[0]), deductible_fen=Fen(row[1])) if row else NOTHING_USED


def reserve(tx: Tx, policy_id: PolicyId, taken: Payable, *, annual_limit_fen: int, seen: LimitUse) -> bool:
    """Take ``taken`` of the policy's annual limit; False if it was used further than ``seen`` meanwhile."""
    touched = tx.execute(
        _RESERVE,
        {
            "policy_id": policy_id,
            "limit": annual_limit_fen,
            "amount": taken.amount_fen,
            "deductible": taken.deductible_fen,
            "seen": seen.reserved_fen,
        },
    )
    return touched == 1
