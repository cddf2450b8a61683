"""Forgetting a person: tokens, references and replies overwritten. Their sealed record is the vault's to overwrite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.people.domain.policies import PolicyState
from services.enrollment.policies.domain.erasures import ERASED_REFERENCE, Erasure, RetentionRule
from services.enrollment.webhooks.store import told_references
from shared.db import kept_replies
from shared.db.transaction import Tx
from shared.values.ids import EventId, PolicyId, TokenHex

# Without an index on tokens of policies that are over: one more would cost each enrollment, and erasures are rare.
_OF_PERSON: Final = """
SELECT policy_id, state, effective_to, product_id, product_version FROM policies
WHERE person_token = ANY(%s) ORDER BY policy_id FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """One policy of a person who is to be forgotten, locked."""

    policy_id: PolicyId
    state: PolicyState
    effective_to: datetime
    product_id: int
    product_version: int


def policies_of(tx: Tx, tokens: Sequence[TokenHex]) -> list[Trace]:
    """All policies of a person known by these tokens, with any partner."""
    return tx.all(_OF_PERSON, ([bytes.fromhex(token) for token in tokens],), into=Trace)


_STORED_AS: Final = "SELECT encode(person_token, 'hex') FROM policies WHERE policy_id = %s"


def token_of(tx: Tx, policy_id: PolicyId) -> TokenHex:
    """Under what the person of this policy is stored, perhaps by a key that is older than the current one."""
    return tx.the(_STORED_AS, (policy_id,), into=TokenHex)


_RULES: Final = "SELECT terms_up_to_days, kept_years FROM retention_rules"


def retention_rules(tx: Tx) -> list[RetentionRule]:
    return tx.all(_RULES, into=RetentionRule)


_FORGET_POLICIES: Final = """
UPDATE policies p SET person_token = new.person_token, phone_token = new.phone_token, birth_year = 0,
       partner_reference = %s, version = p.version + 1
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS new (policy_id, person_token, phone_token)
WHERE p.policy_id = new.policy_id
"""


def overwrite(tx: Tx, policies: Sequence[tuple[PolicyId, bytes, bytes]]) -> None:
    """Put these tokens, which no key made, in place of the person's and the phone's."""
    ids = [policy_id for policy_id, _, _ in policies]
    persons, phones = [person for _, person, _ in policies], [phone for _, _, phone in policies]
    tx.execute(_FORGET_POLICIES, (ERASED_REFERENCE, ids, persons, phones))
    kept_replies.forget(tx, ids)
    told_references.forget_references(tx, ids, instead=ERASED_REFERENCE)


_ADD: Final = "INSERT INTO erasures (erasure_id, ground, erased_at, erased_by, event_id) VALUES (%s, %s, %s, %s, %s)"
_ADD_POLICIES: Final = "INSERT INTO erased_policies (policy_id, erasure_id) VALUES %s"


def add(tx: Tx, erasure: Erasure, *, by: str, now: datetime, event_id: EventId) -> None:
    tx.execute(_ADD, (erasure.erasure_id, erasure.ground, now, by, event_id))
    tx.insert_many(_ADD_POLICIES, [(policy_id, erasure.erasure_id) for policy_id in erasure.policy_ids])


_CHUNKS: Final = """
SELECT DISTINCT p.chunk_id FROM erased_policies e JOIN policies p USING (policy_id) WHERE p.chunk_id > %s::uuid
ORDER BY p.chunk_id LIMIT 100
"""
_PLACES: Final = """
SELECT p.policy_id, p.chunk_place FROM erased_policies e JOIN policies p USING (policy_id) WHERE p.chunk_id = %s
"""


def chunks_with_erased(tx: Tx, after: str) -> list[str]:
    """Some chunks in which somebody was forgotten, by id."""
    return tx.all(_CHUNKS, (after,), into=str)


def erased_places(tx: Tx, chunk_id: str) -> list[tuple[PolicyId, int]]:
    """The policies of a chunk whose persons were forgotten, and their places in its sealed record."""
    return tx.all(_PLACES, (chunk_id,), into=tuple[PolicyId, int])
