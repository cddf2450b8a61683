"""Writes a few new policies. The unique index says who is covered already. Thousands are many_policies'.

Judging, tokens and sealing come before; the event is written by the same use case in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import msgspec

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.people.domain.policies import Consent
from services.enrollment.people.store import opt_outs
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex
from shared.values.periods import Period


class NewPolicy(msgspec.Struct, frozen=True):
    """One policy about to be stored. ``name_token`` is told and not stored."""

    policy_id: PolicyId
    chunk_id: str
    person_token: TokenHex
    phone_token: TokenHex
    name_token: TokenHex
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


COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "policy_id": ("uuid", "policy.policy_id"),
    "chunk_id": ("uuid", "policy.chunk_id"),
    "effective_from": ("timestamptz", "policy.cover.start"),
    "effective_to": ("timestamptz", "policy.cover.end"),
    "consent_given_at": ("timestamptz", "policy.consent.given_at"),
    "birth_year": ("smallint", "policy.birth_year"),
    "person_token": ("bytea", "policy.person_token"),
    "phone_token": ("bytea", "policy.phone_token"),
    "partner_reference": ("text", "policy.partner_reference"),
    "consent_text_version": ("text", "policy.consent.text_version"),
    "consent_channel": ("text", "policy.consent.channel"),
    "consent_sha256": ("bytea", "policy.consent.sha256"),
    "chunk_place": ("smallint", "place"),
    "partner_no": ("integer", "under.partner_no"),
    "product_id": ("integer", "under.product_id"),
    "product_version": ("integer", "under.product_version"),
    "premium_fen": ("bigint", "under.premium"),
    "stacks_by": ("integer", "under.stacks_by"),
}
"""Of each the type and the field of a row, hexadecimal where it is bytes."""
_PICK: Final = attrgetter(*(path for _, path in COLUMNS.values()))
NAMES: Final = ", ".join(COLUMNS)

# Two statements in one message: the second one sees each opt-out whose lock the first one waited for. In the order of
# product and person, so that two of these at once wait for each other in one order instead of in a deadlock.
_INSERT: Final = f"""
{opt_outs.HOLD_PERSONS};
INSERT INTO policies ({NAMES})
SELECT new.* FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, (kind, _) in COLUMNS.items())}) AS new ({NAMES})
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
    locks = opt_outs.person_locks(row.policy.person_token for row in rows)
    return set(tx.all(_INSERT, columns_of(rows) | {"locks": locks}, into=PolicyId))


def columns_of(rows: Sequence[NewRow]) -> dict[str, list[Any]]:
    """The values of each column."""
    columns = zip(COLUMNS.items(), zip(*map(_PICK, rows), strict=True), strict=True)
    return {
        name: list(map(bytes.fromhex, values)) if kind == "bytea" else list(values)
        for (name, (kind, _)), values in columns
    }
