"""File a claim: check it, turn persons into tokens, store it, and say that it waits to be decided. Decides nothing."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.claims.domain.states import WAITS
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import submit
from services.fraud_detection.coverage.domain.cover import FRAUD_LOSS, Coverage
from services.fraud_detection.coverage.store import coverage, products
from services.fraud_detection.filing.domain import filing as filings
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.domain.sandbox_values import sandbox_value
from shared.db.transaction import Tx
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.documents import normalize_document, normalize_phone
from shared.values.ids import ClaimId, PolicyId
from shared.values.money import CNY


def file_claim(
    tx: Tx, filing: Filing, *, tenant: str, personal_data: PersonalData, sandbox: bool, now: datetime
) -> Claim:
    """Store the claim and publish ``claims.submitted``; one whose policy is not known yet waits for it.

    Raises:
        InvalidField: the claimant's document or phone is none.
        InvalidField: the product has no such liability, its liability asks for a scam type, or its policies list things
            and the claim is about none, or the other way about.
        InvalidFields: the claim contradicts itself.
        PolicyErased: the insured asked to be forgotten.
    """
    filings.check(filing, now=now)
    claimant = filing.claimant
    document = normalize_document(
        claimant.document_type, claimant.document_number, sandbox=sandbox, pointer="/claimant/document_number"
    )
    phone = normalize_phone(claimant.phone, sandbox=sandbox, pointer="/claimant/phone")
    cover = _cover(tx, filing.policy_id)
    liability = _liability(tx, filing, cover)
    claim_id = ClaimId(new_id())
    claim = Claim(
        claim_id=claim_id,
        tenant=tenant,
        version=1,
        round=1,
        state="waiting_for_policy" if cover is None else "filed",
        policy_id=filing.policy_id,
        person_token=personal_data.person(document, None if cover is None else cover.person_token),
        phone_token=personal_data.phone(phone, None if cover is None else cover.phone_token),
        payee_token=filing.payee_token,
        device_token=personal_data.device(filing.device_id),
        handler_token=personal_data.handler(filing.handler_id),
        scam_type=filing.scam_type or "other",
        occurred_at=filing.occurred_at,
        discovered_at=filing.discovered_at,
        reported_at=filing.reported_at,
        submitted_at=now,
        amount_fen=filing.amount_fen,
        currency=CNY,
        recovered_fen=filing.recovered_fen,
        other_insurance_fen=filing.other_insurance_fen,
        description_chars=len(filing.description or ""),
        sandbox_value=sandbox_value(phone, sandbox=sandbox),
        liability=liability,
        territory=filing.territory,
        event_reference=filing.event_reference,
        item_reference=filing.item_reference,
        changed_at=now,
        changed_by=tenant,
        due_at=now + WAITS["waiting_for_policy"] if cover is None else None,
    )
    sealed = personal_data.seal(tx, filing.description, claim_id, "description") if filing.description else None
    claims.add(tx, claim, description=sealed)
    claims.add_evidence(tx, claim_id, filing.evidence, now=now)
    if cover is not None:
        submit(tx, claim, now=now)
    metrics.CLAIMS_SUBMITTED.inc()
    return claim


def _cover(tx: Tx, policy_id: PolicyId) -> Coverage | None:
    """None if enrollment has not told of it yet: the claim waits for it."""
    cover = coverage.hold(tx, policy_id)
    if cover is not None and cover.erased:
        raise PolicyErased(policy_id)
    return cover


def _liability(tx: Tx, filing: Filing, cover: Coverage | None) -> str:
    product = None if cover is None else products.find(tx, cover.product_code, cover.product_version)
    if product is None:
        # Terms come on a topic of their own. Until they are here the claim waits; cover_rules say what does not fit.
        return filing.liability or FRAUD_LOSS
    liability = filings.liability_of(filing, product)
    filings.require_item(filing, product)
    return liability
