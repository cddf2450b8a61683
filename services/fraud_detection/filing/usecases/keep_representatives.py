"""Store who acts for the insureds of new claims: tokens to compare by, a mask to show, the clear words sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.representatives import ToldRepresentative
from services.fraud_detection.claims.store import representatives
from services.fraud_detection.claims.store.representatives import RepresentativeRow
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.filing.domain.representing import document_of, is_the_insured
from shared.db.transaction import Tx
from shared.privacy.masking import mask_name
from shared.values.documents import Document, normalize_phone
from shared.values.ids import ClaimId, TokenHex
from shared.values.names import normal_name
from shared.values.shapes import reshape


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, with document and phone in their one form."""

    told: ToldRepresentative
    document: Document
    phone: str | None


def acting(
    told: ToldRepresentative | None,
    personal_data: PersonalData,
    *,
    insured: Sequence[TokenHex],
    sandbox: bool,
) -> Acting | None:
    """``insured``: the tokens of who claims and, where the policy is known, of who is insured.

    Raises:
        InvalidField: there is no such document or phone, or it is the insured.
    """
    if told is None:
        return None
    document = document_of(told, sandbox=sandbox)
    if personal_data.is_one_of(document, insured):
        raise is_the_insured()
    phone = None
    if told.phone is not None:
        phone = normalize_phone(told.phone, sandbox=sandbox, pointer="/representative/phone")
    return Acting(told, document, phone)


def keep_representatives(tx: Tx, new: Sequence[tuple[Claim, Acting | None]], personal_data: PersonalData) -> None:
    """Those of each claim that has one, under one data key."""
    acts = {claim.claim_id: each for claim, each in new if each is not None}
    texts = {
        (claim_id, f"representative:{field}"): text
        for claim_id, each in acts.items()
        for field, text in (
            ("name", each.told.name),
            ("document_number", each.document.number),
            ("phone", each.phone),
        )
        if text is not None
    }
    sealed = personal_data.seal_fields(tx, texts)

    def row(claim_id: ClaimId, each: Acting) -> RepresentativeRow:
        return reshape(
            each.told,
            RepresentativeRow,
            claim_id=claim_id,
            person_token=personal_data.person_under_oldest_key(each.document),
            name_token=personal_data.tokenizer.name(normal_name(each.told.name)),
            name_masked=mask_name(each.told.name),
            name=sealed[claim_id, "representative:name"],
            document_type=each.document.type,
            document_number=sealed[claim_id, "representative:document_number"],
            phone=sealed.get((claim_id, "representative:phone")),
        )

    representatives.add(tx, [row(claim_id, each) for claim_id, each in acts.items()])
