"""File a claim: check it, turn persons into tokens, store it, and say that it waits to be decided. Decides nothing."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased, UnknownPolicy
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import FRAUD_LOSS, Coverage
from services.fraud_detection.coverage.store import coverage, products
from services.fraud_detection.filing.domain import filing as filings
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.domain.sandbox_values import sandbox_value
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted
from shared.messaging import outbox
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.documents import normalize_document, normalize_phone
from shared.values.ids import ClaimId, PolicyId
from shared.values.money import CNY


def file_claim(
    tx: Tx, filing: Filing, *, tenant: str, personal_data: PersonalData, sandbox: bool, now: datetime
) -> Claim:
    """Store the claim in state submitted and publish ``claims.submitted``.

    Raises:
        InvalidField: the claimant's document or phone is none.
        InvalidField: the product has no such liability, its liability asks for a scam type, or its policies list things
            and the claim is about none, or the other way about.
        InvalidFields: the claim contradicts itself.
        UnknownPolicy: enrollment announced no such policy yet.
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
        state="submitted",
        policy_id=filing.policy_id,
        person_token=personal_data.person(document, cover.person_token),
        phone_token=personal_data.phone(phone, cover.phone_token),
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
    )
    sealed = personal_data.seal(tx, filing.description, claim_id, "description") if filing.description else None
    claims.add(tx, claim, description=sealed)
    claims.add_evidence(tx, claim_id, filing.evidence, now=now)
    submit(tx, claim, claim_round=1, now=now)
    metrics.CLAIMS_SUBMITTED.inc()
    return claim


def _cover(tx: Tx, policy_id: PolicyId) -> Coverage:
    cover = coverage.hold(tx, policy_id)
    if cover is None:
        raise UnknownPolicy.at("/policy_id")
    if cover.erased:
        raise PolicyErased(policy_id)
    return cover


def _liability(tx: Tx, filing: Filing, cover: Coverage) -> str:
    product = products.find(tx, cover.product_code, cover.product_version)
    if product is None:
        # Terms come on a topic of their own. Until they are here the claim waits; cover_rules say what does not fit.
        return filing.liability or FRAUD_LOSS
    liability = filings.liability_of(filing, product)
    filings.require_item(filing, product)
    return liability


def submit(tx: Tx, claim: Claim, *, claim_round: int, now: datetime) -> None:
    """Say that the claim waits to be decided in this round."""
    event = ClaimSubmitted(claim_id=claim.claim_id, round=claim_round, policy_id=claim.policy_id, submitted_at=now)
    outbox.add(tx, event, subject=claim.claim_id, now=now)
