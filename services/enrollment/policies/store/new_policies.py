"""Writes a few new policies. The unique index says who is covered already. Thousands are many_policies'.

Judging, tokens and sealing come before; the event is written by the same use case in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.people.domain.policies import Consent
from services.enrollment.people.store import opt_outs
from shared.db.transaction import Tx
from shared.values.ids import EventId, PolicyId, TokenHex
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
class NewRow:
    """One policy with its chunk's place and what it is sold under."""

    policy: NewPolicy
    place: int
    under: SoldUnder


# Two statements in one message: the second one sees each opt-out whose lock the first one waited for. In the order of
# product and person, so that two of these at once wait for each other in one order instead of in a deadlock.
_INSERT: Final = f"""
{opt_outs.HOLD_PERSONS};
INSERT INTO policies (policy_id, chunk_id, effective_from, effective_to, consent_given_at, birth_year, person_token,
    phone_token, partner_reference, consent_text_version, consent_channel, consent_sha256, chunk_place, partner_no,
    product_id, product_version, premium_fen, stacks_by)
SELECT new.* FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::smallint[], %s::bytea[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::smallint[],
    %s::integer[], %s::integer[], %s::integer[], %s::bigint[], %s::integer[])
    AS new (policy_id, chunk_id, effective_from, effective_to, consent_given_at, birth_year, person_token,
    phone_token, partner_reference, consent_text_version, consent_channel, consent_sha256, chunk_place, partner_no,
    product_id, product_version, premium_fen, stacks_by)
WHERE NOT EXISTS (
    SELECT FROM opt_outs o WHERE o.person_token = new.person_token
      AND (o.lifted_at IS NULL OR new.consent_given_at <= o.opted_out_at)
)
ORDER BY new.product_id, new.person_token
ON CONFLICT (person_token, product_id, stacks_by) WHERE state = 'in_force' DO NOTHING
RETURNING policy_id
"""


def insert(tx: Tx, rows: Sequence[NewRow]) -> set[PolicyId]:
    """Store those who did not opt out since they agreed and do not have this cover, also where it is just being given.

    Of two rows about one person and product one is stored.
    """
    columns = zip(*(_values(row) for row in rows), strict=True)
    locks = opt_outs.person_locks(row.policy.person_token for row in rows)
    return {PolicyId(row[0]) for row in tx.all(_INSERT, (locks, *(list(column) for column in columns)))}


def _values(row: NewRow) -> tuple[object, ...]:
    policy, under = row.policy, row.under
    return (
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
        row.place,
        under.partner_no,
        under.product_id,
        under.product_version,
        under.premium,
        under.stacks_by,
    )


_ADD_CHUNK: Final = """
INSERT INTO policy_chunks (chunk_id, batch_id, partner_no, product_id, product_version, kind, policies, premium_fen,
                           tax_fen, compensation_fen, compensation_kind, enrolled_at, event_id, sealed, ends_next)
VALUES (%s, NULL, %s, %s, %s, 'enrolled', %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def add_chunk(
    tx: Tx,
    chunk_id: str,
    under: SoldUnder,
    *,
    policies: int,
    enrolled_at: datetime,
    event_id: EventId,
    sealed: bytes,
    ends_next: datetime,
) -> None:
    """The chunk of these policies: which event announced them, what each costs, who is insured.

    Before ``ends_next`` none of them ends.
    """
    tx.later(
        _ADD_CHUNK,
        (
            chunk_id,
            under.partner_no,
            under.product_id,
            under.product_version,
            policies,
            under.premium,
            under.tax,
            under.compensation,
            under.compensation_kind,
            enrolled_at,
            event_id,
            sealed,
            ends_next,
        ),
    )
