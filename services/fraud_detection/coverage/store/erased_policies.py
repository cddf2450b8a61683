"""Forgetting a person: the tokens and sealed words of erased policies and of their claims are overwritten.

In their place stands a token of key 0, which no real key has. It names nobody, and writing it again changes nothing.
While a claim on one of the person's policies is open, it is one token for all that was the person's, so that their
claims are held against each other as before; afterwards it is made of the row's own id and joins with no other row.
What a claim was decided on and what was paid stays, as the law asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx

# Who stores a change of a policy must not miss an erasure that is being written down beside it, nor the other way
# round.
_LOCK_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s::uuid::text, 8))"
_LOCK: Final = """
SELECT pg_advisory_xact_lock(hashtextextended(id, 8))
FROM (SELECT DISTINCT policy_id::text AS id FROM unnest(%s::uuid[]) AS given (policy_id) ORDER BY id) AS sorted"""

_ADD: Final = """
WITH person AS MATERIALIZED (SELECT gen_random_uuid() AS erased_with)
INSERT INTO erased_policies (policy_id, erased_at, erased_with)
SELECT policy_id, %s, erased_with FROM unnest(%s::uuid[]) AS given (policy_id), person ORDER BY policy_id
ON CONFLICT (policy_id) DO NOTHING"""

_OPEN: Final = """
EXISTS (SELECT FROM erased_policies AS beside JOIN claims USING (policy_id) JOIN claim_states USING (state)
        WHERE (beside.policy_id = erased_policies.policy_id OR beside.erased_with = erased_policies.erased_with)
          AND NOT nothing_open)"""

# What came since its erasure is overwritten at once; the rest once no claim is open.
_TAKE: Final = f"""
SELECT policy_id FROM erased_policies
WHERE finished_at IS NULL
  AND EXISTS (SELECT FROM coverage WHERE coverage.policy_id = erased_policies.policy_id
              AND (get_byte(coverage.person_token, 0) <> 0 OR NOT {_OPEN}))
ORDER BY policy_id LIMIT %s FOR UPDATE SKIP LOCKED"""

# Each in the order of ids. Who files a claim holds its cover, so that the claims are all seen.
_HOLD: Final = (
    "SELECT FROM erased_policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE",
    "SELECT FROM coverage WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE",
)

# Nothing is claimed on an erased policy any more: what has no open claim now has none ever again.
_PART: Final = f"""
UPDATE erased_policies SET erased_with = NULL
WHERE policy_id = ANY(%s::uuid[]) AND erased_with IS NOT NULL AND NOT {_OPEN}"""


_COVERAGE: Final = """
UPDATE coverage
SET person_token = made.person_token, phone_token = '\\x00'::bytea || uuid_send(coverage.policy_id), birth_year = 0,
    name_token = NULL
FROM (
    SELECT policy_id, '\\x00'::bytea || uuid_send(coalesce(erased_with, policy_id)) AS person_token
    FROM erased_policies WHERE policy_id = ANY(%s::uuid[])
) AS made
WHERE coverage.policy_id = made.policy_id AND coverage.person_token <> made.person_token"""

_PHONES: Final = "DELETE FROM coverage_phones WHERE policy_id = ANY(%s::uuid[])"

_NAMES: Final = "DELETE FROM coverage_names WHERE policy_id = ANY(%s::uuid[])"

_ITEMS: Final = "DELETE FROM coverage_items WHERE policy_id = ANY(%s::uuid[])"


_FINISH: Final = f"""
UPDATE erased_policies SET finished_at = %(now)s
WHERE finished_at IS NULL AND policy_id = ANY(%(policies)s::uuid[]) AND NOT {_OPEN}
  AND EXISTS (SELECT FROM coverage WHERE coverage.policy_id = erased_policies.policy_id
              AND person_token = '\\x00'::bytea || uuid_send(coverage.policy_id))"""


def wait_for(tx: Tx, policy_id: str) -> None:
    """Wait for an erasure of the policy that is being written down; none begins before this transaction ends."""
    tx.one(_LOCK_SHARED, (policy_id,))


_NOTHING_OPEN: Final = "SELECT 1 FROM erased_policies WHERE policy_id = %s AND erased_with IS NULL"


def is_over(tx: Tx, policy_id: str) -> bool:
    """Whether the policy's person was erased and no claim of theirs is open any more."""
    return tx.one(_NOTHING_OPEN, (policy_id,)) is not None


def add(tx: Tx, policy_ids: Sequence[str], *, erased_at: datetime) -> None:
    """Remember that these policies' person is to be forgotten; known ones stay as they are."""
    tx.all(_LOCK, (list(policy_ids),))
    tx.execute(_ADD, (erased_at, list(policy_ids)))


def take(tx: Tx, *, limit: int) -> list[str]:
    """Unfinished erasures for which there is something to do now and that no other worker has in hand."""
    return tx.all(_TAKE, (limit,), into=str)


def hold(tx: Tx, policies: Sequence[str]) -> None:
    """Nobody else overwrites these, or files a claim on them, before this transaction ends."""
    for statement in _HOLD:
        tx.execute(statement, (list(policies),))


def part(tx: Tx, policies: Sequence[str]) -> None:
    """Those without an open claim join with no other policy any more; their claims are held by now."""
    tx.execute(_PART, (list(policies),))


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite the covers; how many rows had something left. The claims come first: whose they are the cover tells."""
    return sum(tx.execute(statement, (list(policies),)) for statement in (_COVERAGE, _PHONES, _NAMES, _ITEMS))


def finish(tx: Tx, policies: Sequence[str], *, now: datetime) -> int:
    """Close those with nothing left to come: their cover is overwritten, and no claim of theirs is open; how many."""
    return tx.execute(_FINISH, {"policies": list(policies), "now": now})
