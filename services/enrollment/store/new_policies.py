"""Writes new policies: one by INSERT, thousands by binary COPY. The unique index says who is covered already.

Judging, tokens and sealing come before; the event is written by the same use case in the same transaction.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from services.enrollment.domain.policies import Consent
from services.enrollment.store import opt_outs
from shared.db.transaction import Tx
from shared.values.ids import BatchId, EventId, PolicyId, TokenHex
from shared.values.money import Fen
from shared.values.periods import Period


class NewPolicy(msgspec.Struct, frozen=True):
    """One policy about to be stored."""

    policy_id: PolicyId
    chunk_id: str
    person_token: TokenHex
    phone_token: TokenHex
    partner_reference: str
    birth_year: int
    cover: Period
    consent: Consent
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SoldUnder:
    """What all policies of one store call share."""

    partner_no: int
    product_id: int
    product_version: int
    premium: Fen
    tax: Fen
    compensation: Fen
    stacks_by: int
    """0, or the partner_no where each partner's cover of one person pays its share."""


_COLUMNS: Final = """policy_id, chunk_id, effective_from, effective_to, consent_given_at, birth_year, person_token,
    phone_token, partner_reference, consent_text_version, consent_channel, consent_sha256, sealed"""
_SHARED: Final = "partner_no, product_id, product_version, premium_fen, stacks_by, version, state"
_GUARD: Final = "ON CONFLICT (person_token, product_id, stacks_by) WHERE state = 'in_force' DO NOTHING"

# Two statements in one message: the second one sees each opt-out whose lock the first one waited for.
_INSERT_ONE: Final = f"""
{opt_outs.HOLD_PERSONS};
INSERT INTO policies ({_COLUMNS}, {_SHARED})
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 'in_force'
WHERE NOT EXISTS (SELECT FROM opt_outs WHERE person_token = ANY(%s)) {_GUARD}
"""


def insert_one(tx: Tx, policy: NewPolicy, under: SoldUnder, *, known_as: Sequence[TokenHex] = ()) -> bool:
    """Store one policy; False where the person has this cover, also where another transaction is just giving it.

    False too where the person opted out under the policy's token or one of ``known_as``, those of older keys.
    """
    tokens = (policy.person_token, *known_as)
    return (
        tx.execute(
            _INSERT_ONE,
            (
                opt_outs.person_locks(tokens),
                policy.policy_id,
                policy.chunk_id,
                policy.cover.start,
                policy.cover.end,
                policy.consent.given_at,
                policy.birth_year,
                bytes.fromhex(policy.person_token),
                bytes.fromhex(policy.phone_token),
                policy.partner_reference,
                policy.consent.text_version,
                policy.consent.channel,
                bytes.fromhex(policy.consent.sha256),
                policy.sealed,
                under.partner_no,
                under.product_id,
                under.product_version,
                under.premium,
                under.stacks_by,
                [bytes.fromhex(token) for token in tokens],
            ),
        )
        == 1
    )


_STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_policies (
    place integer, policy_id uuid, chunk_id uuid, effective_from timestamptz, effective_to timestamptz,
    consent_given_at timestamptz, birth_year smallint, person_token bytea, phone_token bytea,
    partner_reference text, consent_text_version text, consent_channel text, consent_sha256 bytea,
    sealed bytea
) ON COMMIT DELETE ROWS
"""
_COPY: Final = f"COPY staged_policies (place, {_COLUMNS}) FROM STDIN (FORMAT binary)"
# In the order of the unique index: neighbors share a page, and two batches at once wait for each other in one order
# instead of in a deadlock. Of a person twice in the file, the first line wins.
_INSERT_STAGED: Final = f"""
INSERT INTO policies ({_COLUMNS}, {_SHARED})
SELECT {_COLUMNS}, %s, %s, %s, %s, %s, 1, 'in_force' FROM staged_policies ORDER BY person_token, place {_GUARD}
RETURNING policy_id
"""


def insert_many(tx: Tx, policies: Sequence[NewPolicy], under: SoldUnder) -> set[PolicyId]:
    """Store policies in their order; the ids of those stored. Whoever is missing has this cover already."""
    tx.execute(_STAGE)
    tx.copy_in(_COPY, io.BytesIO(_binary(policies)))
    stored = tx.all(
        _INSERT_STAGED,
        (under.partner_no, under.product_id, under.product_version, under.premium, under.stacks_by),
    )
    return {PolicyId(row[0]) for row in stored}


# PostgreSQL's COPY BINARY: a signature, two zero words, then per row a field count and per field its length and bytes.
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TAIL: Final = struct.pack(">h", -1)
_FIXED: Final = struct.Struct(">h ii i16s i16s iq iq iq ih i17s i17s")
_LENGTH: Final = struct.Struct(">i")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def _binary(policies: Sequence[NewPolicy]) -> bytes:
    moments: dict[datetime, int] = {}

    def micros(moment: datetime) -> int:
        known = moments.get(moment)
        if known is None:
            known = moments[moment] = (moment - _EPOCH) // _MICROSECOND
        return known

    pieces = [_HEAD]
    for place, policy in enumerate(policies):
        pieces.append(
            _FIXED.pack(
                14,
                *(4, place),
                *(16, _uuid_bytes(policy.policy_id)),
                *(16, _uuid_bytes(policy.chunk_id)),
                *(8, micros(policy.cover.start)),
                *(8, micros(policy.cover.end)),
                *(8, (policy.consent.given_at - _EPOCH) // _MICROSECOND),
                *(2, policy.birth_year),
                *(17, bytes.fromhex(policy.person_token)),
                *(17, bytes.fromhex(policy.phone_token)),
            )
        )
        for text in (policy.partner_reference, policy.consent.text_version, policy.consent.channel):
            data = text.encode()
            pieces.append(_LENGTH.pack(len(data)) + data)
        pieces += [_LENGTH.pack(len(data)) + data for data in (bytes.fromhex(policy.consent.sha256), policy.sealed)]
    pieces.append(_TAIL)
    return b"".join(pieces)


def _uuid_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


_ADD_CHUNK: Final = """
INSERT INTO policy_chunks (chunk_id, batch_id, partner_no, product_id, product_version, kind, policies, premium_fen,
                           tax_fen, compensation_fen, enrolled_at, event_id)
VALUES (%s, %s, %s, %s, %s, 'enrolled', %s, %s, %s, %s, %s, %s)
"""


def add_chunk(
    tx: Tx,
    chunk_id: str,
    under: SoldUnder,
    *,
    batch_id: BatchId | None,
    policies: int,
    enrolled_at: datetime,
    event_id: EventId,
) -> None:
    """Note which event announced the ``policies`` of this chunk, and what each of them costs."""
    tx.execute(
        _ADD_CHUNK,
        (
            chunk_id,
            batch_id,
            under.partner_no,
            under.product_id,
            under.product_version,
            policies,
            under.premium,
            under.tax,
            under.compensation,
            enrolled_at,
            event_id,
        ),
    )
