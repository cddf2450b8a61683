"""Turns a claimant's clear values into tokens and sealed texts, and opens the latter for who may read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.fraud_detection.claims.domain.transfers import normal_form
from shared.db.transaction import Tx
from shared.privacy.vault import Vault
from shared.values.documents import Document
from shared.values.ids import ClaimId, TokenHex


class PersonalData(Vault):
    """The vault, with the names that claims use."""

    def person(self, document: Document, known: TokenHex | None) -> TokenHex:
        """The person's token: ``known``, the insured's, if it is the same person under whichever key, else the own."""
        candidates = self.tokenizer.person_candidates(document.type, document.number)
        return known if known is not None and known in candidates else candidates[0]

    def phone(self, number: str, known: TokenHex | None) -> TokenHex:
        candidates = self.tokenizer.candidates("phone", number)
        return known if known is not None and known in candidates else candidates[0]

    def device(self, device_id: str | None) -> TokenHex | None:
        return None if device_id is None else self.tokenizer.device(device_id)

    def handler(self, handler_id: str | None) -> TokenHex | None:
        """Whoever took the claim for the channel. Of the device kind, told apart by a prefix no device id has."""
        return None if handler_id is None else self.tokenizer.device(f"handler\0{handler_id}")

    def person_under_oldest_key(self, document: Document) -> TokenHex:
        """As transfers and those who act for insureds are known, so that a rotation parts no two claims of one."""
        return min(self.tokenizer.person_candidates(document.type, document.number))

    def is_one_of(self, document: Document, persons: Collection[TokenHex]) -> bool:
        """Whether one of these tokens is of this document's person, under whichever key."""
        return not set(persons).isdisjoint(self.tokenizer.person_candidates(document.type, document.number))

    def account(self, account: str | None) -> TokenHex | None:
        """The account or wallet that money went to."""
        return None if account is None else min(self.tokenizer.candidates("payee", normal_form(account)))

    def reference(self, reference: str | None) -> TokenHex | None:
        """What a bank calls a transfer. Of the device kind, told apart by a prefix no device id has."""
        if reference is None:
            return None
        return min(self.tokenizer.candidates("device", f"transfer\0{normal_form(reference)}"))

    def seal(self, tx: Tx, text: str, claim_id: ClaimId, field: str) -> bytes:
        return self.sealer.new_data_key(tx).seal(text, _context(claim_id, field))

    def seal_all(self, tx: Tx, texts: Mapping[ClaimId, str], field: str) -> dict[ClaimId, bytes]:
        """The same of many claims, under one data key."""
        if not texts:
            return {}
        key = self.sealer.new_data_key(tx)
        return {claim_id: key.seal(text, _context(claim_id, field)) for claim_id, text in texts.items()}

    def seal_fields(self, tx: Tx, texts: Mapping[tuple[ClaimId, str], str]) -> dict[tuple[ClaimId, str], bytes]:
        """Several fields of several claims, under one data key."""
        if not texts:
            return {}
        key = self.sealer.new_data_key(tx)
        return {each: key.seal(text, _context(*each)) for each, text in texts.items()}

    def open(self, tx: Tx, blob: bytes, claim_id: ClaimId, field: str) -> str:
        return self.sealer.open(tx, blob, _context(claim_id, field))


def _context(claim_id: ClaimId, field: str) -> str:
    return f"claim:{claim_id}:{field}"
