"""Forgetting a payee: which claims an account was named for, and what is overwritten once it is for none any more.

In place of a payout's payee stands a token of key 0, which no real key has, made of the payout's own id. Amounts,
steps, bookings and the bank's references stay, as the law on accounting asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db import kept_replies
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PolicyId, TokenHex

# Who notes a claim must not miss an erasure that is being written down beside it, nor the other way round.
_LOCK_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 8))"
_LOCK: Final = """
SELECT pg_advisory_xact_lock(hashtextextended(id, 8))
FROM (SELECT DISTINCT id FROM unnest(%s::text[]) AS given (id) ORDER BY id) AS sorted"""
_NOTE: Final = """
INSERT INTO claim_payees (claim_id, payee_token, policy_id, to_be_erased)
VALUES (%(claim)s, %(payee)s, %(policy)s, EXISTS (SELECT FROM erased_policies WHERE policy_id = %(policy)s))
ON CONFLICT (claim_id, payee_token) DO NOTHING"""
_ADD: Final = """
INSERT INTO erased_policies (policy_id, erased_at) SELECT policy_id, %s FROM unnest(%s::uuid[]) AS given (policy_id)
ON CONFLICT (policy_id) DO NOTHING"""
_MARK: Final = """
UPDATE claim_payees SET to_be_erased = true WHERE policy_id = ANY(%s::uuid[]) AND NOT to_be_erased"""

CLOSED: Final = """
NOT EXISTS (SELECT FROM payouts p WHERE p.claim_id = c.claim_id AND p.state NOT IN ('paid', 'rejected', 'returned'))
AND (SELECT outcome FROM decisions d WHERE d.claim_id = c.claim_id ORDER BY version DESC LIMIT 1)
    IN ('approved', 'refused', 'given_up')"""
"""Of a claim ``c``: it is decided, and no payout of it can still move money. `paid` to `returned` needs no payee."""

_TAKE: Final = f"""
SELECT claim_id, payee_token FROM claim_payees c WHERE to_be_erased AND {CLOSED}
ORDER BY claim_id LIMIT %s FOR UPDATE SKIP LOCKED"""
# Who approves a claim holds its payee's row (payees.known): either is done before the other looks.
_LOCK_PAYEES: Final = """
SELECT payee_token FROM payees WHERE payee_token = ANY(%s) ORDER BY payee_token FOR UPDATE"""
_PAYOUTS: Final = """
UPDATE payouts SET payee_token = '00' || replace(payout_id::text, '-', '')
WHERE claim_id = ANY(%s::uuid[]) AND left(payee_token, 2) <> '00'"""
_CLAIMS: Final = """
DELETE FROM claim_payees USING unnest(%s::uuid[], %s::text[]) AS done (claim_id, payee_token)
WHERE (claim_payees.claim_id, claim_payees.payee_token) = (done.claim_id, done.payee_token)"""
_PAYEES: Final = """
UPDATE payees
SET payee_token = '00' || replace(gen_random_uuid()::text, '-', ''), account_sealed = '', holder_sealed = '',
    account_masked = '', holder_masked = '', bank_code = '', announced_under = '{}', erased_at = %s
FROM (SELECT token FROM unnest(%s::text[]) AS given (token)
      WHERE NOT EXISTS (SELECT FROM claim_payees c WHERE c.payee_token = token)) AS unused
WHERE payee_token = unused.token
RETURNING unused.token, payees.version"""


@dataclass(frozen=True, slots=True)
class ClaimPayee:
    """An account that a claim names."""

    claim_id: ClaimId
    payee_token: TokenHex


def note(tx: Tx, named: ClaimPayee, policy_id: PolicyId) -> None:
    """Remember whom a claim would pay, and whether its policy's person is to be forgotten; once."""
    tx.execute(_LOCK_SHARED, (policy_id,))
    tx.execute(_NOTE, {"claim": named.claim_id, "payee": named.payee_token, "policy": policy_id})


def add(tx: Tx, policies: Sequence[PolicyId], *, erased_at: datetime) -> None:
    """Remember that these policies' persons are to be forgotten; known ones stay as they are."""
    tx.execute(_LOCK, (list(policies),))
    tx.execute(_ADD, (erased_at, list(policies)))
    tx.execute(_MARK, (list(policies),))


def take(tx: Tx, *, limit: int) -> list[ClaimPayee]:
    """Payees of claims that can be forgotten now and that no other worker has in hand."""
    return tx.all(_TAKE, (limit,), into=ClaimPayee)


def overwrite(tx: Tx, named: Sequence[ClaimPayee], *, now: datetime) -> list[tuple[TokenHex, int]]:
    """Overwrite these payees in their payouts, and in the vault where no other claim names them: those, with what
    version was announced of them last.
    """
    claims, tokens = [each.claim_id for each in named], [each.payee_token for each in named]
    tx.all(_LOCK_PAYEES, (tokens,))
    tx.execute(_PAYOUTS, (claims,))
    tx.execute(_CLAIMS, (claims, tokens))
    gone = tx.all(_PAYEES, (now, tokens), into=tuple[TokenHex, int])
    if gone:
        kept_replies.forget(tx, [token for token, _ in gone])
    return gone
