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

from shared.db import kept_replies
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
EXISTS (SELECT FROM erased_policies AS beside JOIN claims USING (policy_id)
        WHERE (beside.policy_id = erased_policies.policy_id OR beside.erased_with = erased_policies.erased_with)
          AND claims.state NOT IN ('approved', 'refused'))"""

# What came since its erasure is overwritten at once; the rest once no claim is open.
_TAKE: Final = f"""
SELECT policy_id FROM erased_policies
WHERE finished_at IS NULL
  AND EXISTS (SELECT FROM coverage WHERE coverage.policy_id = erased_policies.policy_id
              AND (get_byte(coverage.person_token, 0) <> 0 OR NOT {_OPEN}))
ORDER BY policy_id LIMIT %s FOR UPDATE SKIP LOCKED"""

# In this order, and each in the order of ids. Who files a claim holds its cover, so that the claims are all seen; who
# decides or appeals one holds it, so that what is open stays so until the end.
_HOLD: Final = (
    "SELECT FROM erased_policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE",
    "SELECT FROM coverage WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE",
    "SELECT FROM claims WHERE policy_id = ANY(%s::uuid[]) ORDER BY claim_id FOR UPDATE",
)
_CLAIM_IDS: Final = "SELECT claim_id FROM claims WHERE policy_id = ANY(%s::uuid[])"

# Nothing is claimed on an erased policy any more: what has no open claim now has none ever again.
_PART: Final = f"""
UPDATE erased_policies SET erased_with = NULL
WHERE policy_id = ANY(%s::uuid[]) AND erased_with IS NOT NULL AND NOT {_OPEN}"""

# The account that is paid to and what the item is called are kept until an open claim is decided, and what the event is
# called as long as any claim of the person is open: what was paid for the event counts for it, and who has no name for
# it any more would pass for another event. Claims of one other claimant keep one token too. The helper is another
# person than the insured.
_CLAIMS: Final = """
UPDATE claims
SET person_token = made.person_token, phone_token = made.nobody, device_token = NULL, description = NULL,
    payee_token = made.payee_token, event_reference = made.event_reference, item_reference = made.item_reference
FROM (
    SELECT claim_id, nobody,
           CASE WHEN erased_with IS NULL THEN nobody
                WHEN left(claims.person_token, 2) = '00' THEN claims.person_token
                WHEN claims.person_token = encode(coverage.person_token, 'hex')
                THEN '00' || replace(erased_with::text, '-', '')
                ELSE min(nobody) OVER (PARTITION BY erased_with, claims.person_token) END AS person_token,
           CASE WHEN state IN ('approved', 'refused') THEN nobody ELSE payee_token END AS payee_token,
           CASE WHEN erased_with IS NOT NULL THEN event_reference END AS event_reference,
           CASE WHEN state NOT IN ('approved', 'refused') THEN item_reference END AS item_reference
    FROM erased_policies JOIN claims USING (policy_id) LEFT JOIN coverage USING (policy_id)
    CROSS JOIN LATERAL (SELECT '00' || replace(claim_id::text, '-', '') AS nobody) AS of_claim
    WHERE policy_id = ANY(%s::uuid[])
) AS made
WHERE claims.claim_id = made.claim_id
  AND (claims.person_token, claims.payee_token, claims.event_reference, claims.item_reference)
      IS DISTINCT FROM (made.person_token, made.payee_token, made.event_reference, made.item_reference)"""

_COVERAGE: Final = """
UPDATE coverage
SET person_token = made.person_token, phone_token = '\\x00'::bytea || uuid_send(coverage.policy_id), birth_year = 0
FROM (
    SELECT policy_id, '\\x00'::bytea || uuid_send(coalesce(erased_with, policy_id)) AS person_token
    FROM erased_policies WHERE policy_id = ANY(%s::uuid[])
) AS made
WHERE coverage.policy_id = made.policy_id AND coverage.person_token <> made.person_token"""

_PHONES: Final = "DELETE FROM coverage_phones WHERE policy_id = ANY(%s::uuid[])"

_ITEMS: Final = "DELETE FROM coverage_items WHERE policy_id = ANY(%s::uuid[])"

_APPEALS: Final = """
UPDATE appeals SET reason = '' FROM claims
WHERE claims.claim_id = appeals.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND appeals.reason <> ''"""

_REASONS: Final = """
UPDATE decisions SET reasons = '' FROM claims
WHERE claims.claim_id = decisions.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND decisions.reasons <> ''"""

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


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite what is there of these; how many rows had something left."""
    ids = (list(policies),)
    for statement in (*_HOLD, _PART):
        tx.execute(statement, ids)
    kept_replies.forget(tx, tx.all(_CLAIM_IDS, ids, into=str))
    # The claims first: whose they are is told by the cover.
    return sum(tx.execute(statement, ids) for statement in (_CLAIMS, _COVERAGE, _PHONES, _ITEMS, _APPEALS, _REASONS))


def finish(tx: Tx, policies: Sequence[str], *, now: datetime) -> int:
    """Close those with nothing left to come: their cover is overwritten, and no claim of theirs is open; how many."""
    return tx.execute(_FINISH, {"policies": list(policies), "now": now})
