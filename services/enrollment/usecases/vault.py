"""What enrollment does with personal data: tokens to know a person again, and one sealed record a policy.

The keys come from the settings; which rows are acceptable was judged before.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from services.enrollment.domain.policies import Insured, Policy
from shared.db.transaction import Tx
from shared.privacy.sealed import DataKey, Sealer
from shared.privacy.tokens import Tokenizer
from shared.values.ids import BatchId, PolicyId, TokenHex


@dataclass(frozen=True, slots=True)
class Vault:
    """The service's tokenizer and sealer."""

    tokenizer: Tokenizer
    sealer: Sealer
    rotating: bool = False
    """Whether there are older token keys, under which people may still be stored."""

    def person(self, insured: Insured) -> TokenHex:
        return self.tokenizer.person(insured.document_type, insured.document_number)

    def persons_under_older_keys(self, insured: Insured) -> tuple[TokenHex, ...]:
        """While token keys rotate, what the person may still be stored under besides ``person``."""
        if not self.rotating:
            return ()
        return self.tokenizer.person_candidates(insured.document_type, insured.document_number)[1:]

    def insured(self, tx: Tx, policy: Policy) -> Insured:
        """The clear record of one policy, for masking."""
        text = self.sealer.open(tx, policy.sealed, policy_context(policy.policy_id))
        return Insured(*msgspec.json.decode(text, type=list[str]))


def seal_insured(key: DataKey, policy_id: PolicyId, insured: Insured) -> bytes:
    """The record in one blob: one cipher run a policy instead of four."""
    fields = (insured.name, insured.document_type, insured.document_number, insured.phone)
    return key.seal(msgspec.json.encode(fields).decode(), policy_context(policy_id))


def policy_context(policy_id: PolicyId) -> str:
    """Ties the record to its policy: copied to another row it does not open."""
    return f"policy:{policy_id}:insured"


def part_context(batch_id: BatchId, number: int) -> str:
    """Ties a part of an upload to its batch and place."""
    return f"batch:{batch_id}:part:{number}"
