"""Writes one new policy. The unique index says who is covered already. Thousands are many_policies'.

Judging, tokens and sealing come before; the event is written by the same use case in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.domain.policies import Consent
from services.enrollment.store import opt_outs
from shared.db.transaction import Tx
from shared.values.ids import EventId, PolicyId, TokenHex
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
    phone_token, partner_reference, consent_text_version, consent_channel, consent_sha256"""
_SHARED: Final = "partner_no, product_id, product_version, premium_fen, stacks_by, chunk_place"
_GUARD: Final = "ON CONFLICT (person_token, product_id, stacks_by) WHERE state = 'in_force' DO NOTHING"

# Two statements in one message: the second one sees each opt-out whose lock the first one waited for.
_INSERT_ONE: Final = f"""
{opt_outs.HOLD_PERSON};
INSERT INTO policies ({_COLUMNS}, {_SHARED})
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0
WHERE NOT EXISTS (SELECT FROM opt_outs WHERE person_token = ANY(%s)) {_GUARD}
"""


def insert_one(tx: Tx, policy: NewPolicy, under: SoldUnder, *, known_as: Sequence[TokenHex] = ()) -> bool:
    """Store one policy; False where the person has this cover, also where another transaction is just giving it.

    False too where the person opted out under the policy's token or one of ``known_as``, those of older keys.
    """
    tokens = (policy.person_token, *known_as)
    if known_as:
        opt_outs.hold_persons(tx, tokens)
    return (
        tx.execute(
            _INSERT_ONE,
            (
                opt_outs.person_lock(policy.person_token),
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


_ADD_CHUNK: Final = """
INSERT INTO policy_chunks (chunk_id, batch_id, partner_no, product_id, product_version, kind, policies, premium_fen,
                           tax_fen, compensation_fen, enrolled_at, event_id, sealed, ends_next)
VALUES (%s, %s, %s, %s, %s, 'enrolled', 1, %s, %s, %s, %s, %s, %s, %s)
"""


def add_chunk(
    tx: Tx,
    chunk_id: str,
    under: SoldUnder,
    *,
    enrolled_at: datetime,
    event_id: EventId,
    sealed: bytes,
    ends: datetime,
) -> None:
    """The chunk of this one policy: which event announced it, what it costs, who is insured, and when it ends."""
    tx.later(
        _ADD_CHUNK,
        (
            chunk_id,
            None,
            under.partner_no,
            under.product_id,
            under.product_version,
            under.premium,
            under.tax,
            under.compensation,
            enrolled_at,
            event_id,
            sealed,
            ends,
        ),
    )
