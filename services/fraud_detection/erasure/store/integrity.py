"""What this database can prove of itself about who was erased: each query finds what breaks an invariant."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant
from shared.db.transaction import Tx

# A policy whose enrollment came late is overwritten within moments; the hour is for one that is not.
_NOT_FORGOTTEN: Final = """
SELECT 'cover of policy ' || policy_id FROM coverage JOIN erased_policies USING (policy_id)
WHERE (get_byte(person_token, 0) <> 0 OR get_byte(phone_token, 0) <> 0 OR birth_year <> 0
       OR name_token IS NOT NULL)
  AND (finished_at IS NOT NULL OR erased_at < clock_timestamp() - interval '1 hour')
UNION ALL
SELECT 'cover of policy ' || policy_id FROM coverage JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND person_token <> '\\x00'::bytea || uuid_send(policy_id)
UNION ALL
SELECT 'changed phone of policy ' || policy_id FROM coverage_phones JOIN erased_policies USING (policy_id)
UNION ALL
SELECT 'name of policy ' || policy_id FROM coverage_names JOIN erased_policies USING (policy_id)
UNION ALL
SELECT 'items of policy ' || policy_id FROM coverage_items JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL
UNION ALL
SELECT 'claim ' || claim_id FROM claims JOIN erased_policies USING (policy_id)
WHERE left(person_token, 2) <> '00' OR left(phone_token, 2) <> '00'
   OR device_token IS NOT NULL OR description IS NOT NULL
   OR jsonb_path_exists(other_covers, '$[*] ? (@.insurer <> "")')
   OR (finished_at IS NOT NULL AND (left(payee_token, 2) <> '00'
       OR person_token <> '00' || replace(claim_id::text, '-', '')
       OR event_reference IS NOT NULL OR item_reference IS NOT NULL))
UNION ALL
SELECT 'transfer of claim ' || claim_id
FROM transfers JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE left(transfers.person_token, 2) <> '00' OR reference IS NOT NULL OR payee_name IS NOT NULL
   OR different_reason IS NOT NULL
   OR (finished_at IS NOT NULL AND (transfers.person_token <> claims.person_token
       OR left(reference_token, 2) <> '00' OR left(transfers.payee_token, 2) <> '00'))
UNION ALL
SELECT 'police paper of claim ' || claim_id
FROM police_papers JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE number <> '' OR unit <> '' OR officer IS NOT NULL
UNION ALL
SELECT 'representative on claim ' || claim_id
FROM claim_representatives JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE left(claim_representatives.person_token, 2) <> '00' OR name_masked <> '' OR name <> '' OR document_number <> ''
   OR phone IS NOT NULL OR (finished_at IS NOT NULL AND left(name_token, 2) <> '00')
UNION ALL
SELECT 'check of a mandate on claim ' || claim_id
FROM mandate_checks JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND reason <> ''
UNION ALL
SELECT 'appeal of claim ' || claim_id
FROM appeals JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND reason <> ''
UNION ALL
SELECT 'refusal of claim ' || claim_id
FROM decisions JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND (reasons <> '' OR reasons_en <> '' OR found_zh <> '' OR found_en <> '')
UNION ALL
SELECT 'file of claim ' || claim_id
FROM claims JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM evidence_forgotten WHERE evidence_forgotten.claim_id = claims.claim_id)
  AND EXISTS (SELECT FROM evidence JOIN evidence_files USING (sha256)
              WHERE evidence.claim_id = claims.claim_id AND evidence_files.tenant = claims.tenant)
UNION ALL
SELECT 'note on claim ' || claim_id
FROM review_notes JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND note <> ''
UNION ALL
SELECT 'decision that waits on claim ' || claim_id
FROM undoable_decisions JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL
UNION ALL
SELECT 'escalation of claim ' || claim_id
FROM review_escalations JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND reason <> ''
UNION ALL
SELECT 'amendment of claim ' || claim_id
FROM claim_amendments JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE before <> ''
UNION ALL
SELECT 'draft ' || draft_id FROM claim_drafts JOIN erased_policies USING (policy_id)
UNION ALL
SELECT 'verdict on a transfer of claim ' || claim_id
FROM transfer_verdicts JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND (reasons <> '' OR reasons_en <> '' OR found_zh <> '' OR found_en <> '')
UNION ALL
SELECT 'proposal ' || proposal_id
FROM approval_proposals JOIN claims USING (claim_id) JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL AND (reasons <> '' OR reasons_en <> '' OR note <> '')
UNION ALL
SELECT 'reply kept for ' || route || ' on claim ' || claim_id
FROM idempotency_keys JOIN claims ON claim_id::text = about JOIN erased_policies USING (policy_id)
WHERE finished_at IS NOT NULL"""


def _not_forgotten(tx: Tx) -> list[str]:
    return [f"{place} still holds what names an erased person" for place in tx.all(_NOT_FORGOTTEN, into=str)]


INVARIANTS: Final = (Invariant(12, "of who was erased nothing is left", _not_forgotten),)
