"""Forgetting a person: what the claims on erased policies say of whoever claimed. Decisions and payments stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.fraud_detection.claims.store import drafts
from shared.db import kept_replies
from shared.db.transaction import Tx

# After the covers. Who decides or appeals a claim holds it, so that what is open stays so until the end.
_HOLD: Final = "SELECT FROM claims WHERE policy_id = ANY(%s::uuid[]) ORDER BY claim_id FOR UPDATE"
_CLAIM_IDS: Final = "SELECT claim_id FROM claims WHERE policy_id = ANY(%s::uuid[])"

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
           CASE WHEN nothing_open THEN nobody ELSE payee_token END AS payee_token,
           CASE WHEN erased_with IS NOT NULL THEN event_reference END AS event_reference,
           CASE WHEN NOT nothing_open THEN item_reference END AS item_reference
    FROM erased_policies JOIN claims USING (policy_id) JOIN claim_states USING (state)
    LEFT JOIN coverage USING (policy_id)
    CROSS JOIN LATERAL (SELECT '00' || replace(claim_id::text, '-', '') AS nobody) AS of_claim
    WHERE policy_id = ANY(%s::uuid[])
) AS made
WHERE claims.claim_id = made.claim_id
  AND (claims.person_token, claims.payee_token, claims.event_reference, claims.item_reference)
      IS DISTINCT FROM (made.person_token, made.payee_token, made.event_reference, made.item_reference)"""

_APPEALS: Final = """
UPDATE appeals SET reason = '' FROM claims
WHERE claims.claim_id = appeals.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND appeals.reason <> ''"""

# Whose they are follows the claim; by what a bank and an account are known again goes with the account that is paid to.
_TRANSFERS: Final = """
UPDATE transfers
SET person_token = made.person_token, reference = NULL, payee_name = NULL, different_reason = NULL,
    reference_token = made.reference_token, payee_token = made.payee_token
FROM (
    SELECT transfers.claim_id, line, claims.person_token,
           CASE WHEN is_over AND reference_token IS NOT NULL THEN nobody ELSE reference_token END AS reference_token,
           CASE WHEN is_over AND transfers.payee_token IS NOT NULL THEN nobody ELSE transfers.payee_token
           END AS payee_token
    FROM transfers JOIN claims USING (claim_id)
    CROSS JOIN LATERAL (SELECT '00' || md5(claim_id || ':' || line) AS nobody,
                               left(claims.payee_token, 2) = '00' AS is_over) AS of_transfer
    WHERE claims.policy_id = ANY(%s::uuid[])
) AS made
WHERE transfers.claim_id = made.claim_id AND transfers.line = made.line
  AND (transfers.person_token <> made.person_token OR transfers.reference IS NOT NULL
       OR transfers.payee_name IS NOT NULL OR transfers.different_reason IS NOT NULL
       OR (transfers.reference_token, transfers.payee_token)
          IS DISTINCT FROM (made.reference_token, made.payee_token))"""

_PAPERS: Final = """
UPDATE police_papers SET number = '', unit = '', officer = NULL FROM claims
WHERE claims.claim_id = police_papers.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND number <> ''"""


# By the name an agent's account is known; it goes with the account.
_REPRESENTATIVES: Final = """
UPDATE claim_representatives
SET person_token = made.nobody, name_token = made.name_token, name_masked = '', name = '', document_number = '',
    phone = NULL
FROM (
    SELECT claim_id, nobody, CASE WHEN left(payee_token, 2) = '00' THEN nobody ELSE name_token END AS name_token
    FROM claim_representatives JOIN claims USING (claim_id)
    CROSS JOIN LATERAL (SELECT '00' || replace(claim_id::text, '-', '') AS nobody) AS of_claim
    WHERE policy_id = ANY(%s::uuid[])
) AS made
WHERE claim_representatives.claim_id = made.claim_id
  AND (claim_representatives.person_token, claim_representatives.name_token, name_masked)
      IS DISTINCT FROM (made.nobody, made.name_token, '')"""

_MANDATES: Final = """
UPDATE mandate_checks SET reason = '' FROM claims
WHERE claims.claim_id = mandate_checks.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND reason <> ''"""

_AMENDMENTS: Final = """
UPDATE claim_amendments SET before = '' FROM claims
WHERE claims.claim_id = claim_amendments.claim_id AND claims.policy_id = ANY(%s::uuid[]) AND before <> ''"""


_INSURERS: Final = """
UPDATE claims SET other_covers = (
    SELECT jsonb_agg(cover || '{"insurer": ""}' ORDER BY place)
    FROM jsonb_array_elements(other_covers) WITH ORDINALITY AS told (cover, place))
WHERE policy_id = ANY(%s::uuid[]) AND jsonb_path_exists(other_covers, '$[*] ? (@.insurer <> "")')"""


def hold(tx: Tx, policies: Sequence[str]) -> None:
    """Nobody else changes these policies' claims before this transaction ends."""
    tx.execute(_HOLD, (list(policies),))


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Overwrite what the claims on these policies hold, kept replies included; how many rows had something left."""
    ids = (list(policies),)
    kept_replies.forget(tx, tx.all(_CLAIM_IDS, ids, into=str))
    statements = (_CLAIMS, _APPEALS, _TRANSFERS, _PAPERS, _AMENDMENTS, _INSURERS, _REPRESENTATIVES, _MANDATES)
    return drafts.erase(tx, policies) + sum(tx.execute(statement, ids) for statement in statements)
