"""Forgetting a person: the tokens and sealed words of erased policies and of their claims are overwritten.

In their place stands a token of key 0, which no real key has, made of the row's own id: it names nobody, joins with no
other row, and writing it again changes nothing. What a claim was decided on and what was paid stays, as the law asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx

_ADD: Final = """
INSERT INTO erased_policies (policy_id, erased_at) SELECT policy_id, %s FROM unnest(%s::uuid[]) AS given (policy_id)
ON CONFLICT (policy_id) DO NOTHING"""

_NOTHING_LEFT_TO_COME: Final = """
EXISTS (SELECT FROM coverage WHERE coverage.policy_id = erased_policies.policy_id)
AND NOT EXISTS (SELECT FROM claims WHERE claims.policy_id = erased_policies.policy_id
                AND claims.state NOT IN ('approved', 'refused'))"""

_TAKE: Final = f"""
SELECT policy_id FROM erased_policies WHERE finished_at IS NULL AND {_NOTHING_LEFT_TO_COME}
ORDER BY policy_id LIMIT %s FOR UPDATE SKIP LOCKED"""

_COVERAGE: Final = """
UPDATE coverage
SET person_token = '\\x00'::bytea || uuid_send(policy_id), phone_token = '\\x00'::bytea || uuid_send(policy_id),
    birth_year = 0, stacks = false
WHERE policy_id = ANY(%s::uuid[]) AND get_byte(person_token, 0) <> 0"""

_PHONES: Final = "DELETE FROM coverage_phones WHERE policy_id = ANY(%s::uuid[])"

_ITEMS: Final = "DELETE FROM coverage_items WHERE policy_id = ANY(%s::uuid[])"

_OPEN_BESIDE: Final = """
EXISTS (SELECT FROM claims AS beside WHERE beside.policy_id = claims.policy_id
        AND beside.state NOT IN ('approved', 'refused'))"""

# The account that is paid to and what the item is called are kept until an open claim is decided, and what the event is
# called as long as any claim on the policy is open: what was paid for the event counts for it. The helper is another
# person than the insured.
_CLAIMS: Final = f"""
UPDATE claims
SET person_token = '00' || replace(claim_id::text, '-', ''), phone_token = '00' || replace(claim_id::text, '-', ''),
    device_token = NULL, description = NULL,
    payee_token = CASE WHEN state IN ('approved', 'refused') THEN '00' || replace(claim_id::text, '-', '')
                       ELSE payee_token END,
    event_reference = CASE WHEN {_OPEN_BESIDE} THEN event_reference END,
    item_reference = CASE WHEN state IN ('approved', 'refused') THEN NULL ELSE item_reference END
WHERE policy_id = ANY(%s::uuid[])
  AND (left(person_token, 2) <> '00' OR left(payee_token, 2) <> '00' AND state IN ('approved', 'refused')
       OR event_reference IS NOT NULL AND NOT {_OPEN_BESIDE})"""

_APPEALS: Final = """
UPDATE appeals SET reason = '' FROM claims
WHERE claims.claim_id = appeals.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND appeals.reason <> ''"""

_REASONS: Final = """
UPDATE decisions SET reasons = '' FROM claims
WHERE claims.claim_id = decisions.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND decisions.reasons <> ''"""

_FINISH: Final = f"""
UPDATE erased_policies SET finished_at = %(now)s
WHERE finished_at IS NULL AND policy_id = ANY(%(policies)s::uuid[]) AND {_NOTHING_LEFT_TO_COME}"""


def add(tx: Tx, policy_ids: Sequence[str], *, erased_at: datetime) -> None:
    """Remember that these policies' persons are to be forgotten; known ones stay as they are."""
    tx.execute(_ADD, (erased_at, list(policy_ids)))


def take(tx: Tx, *, limit: int) -> list[str]:
    """Unfinished erasures that can be finished now and that no other worker has in hand."""
    return [row[0] for row in tx.all(_TAKE, (limit,))]


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite what is there of these; how many rows had something left."""
    ids = (list(policies),)
    # The cover first: who files a claim holds its row, so that the next statement sees that claim.
    return sum(tx.execute(statement, ids) for statement in (_COVERAGE, _PHONES, _ITEMS, _CLAIMS, _APPEALS, _REASONS))


def finish(tx: Tx, policies: Sequence[str], *, now: datetime) -> int:
    """Close those with nothing left to come: their cover is here, and no claim of theirs is open; how many."""
    return tx.execute(_FINISH, {"policies": list(policies), "now": now})
