"""What a resident adds to a claim: documents that were asked for or not, and an appeal against a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import TAKES_DOCUMENTS, Claim, Evidence
from services.fraud_detection.claims.domain.errors import ClaimClosed, NotAppealable, PolicyErased, UnknownClaim
from services.fraud_detection.claims.store import appeals, claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.filing.domain.filing import evidence_faults
from services.fraud_detection.filing.usecases.file_claim import submit
from shared.db.transaction import Tx
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId


def add_documents(tx: Tx, claim_id: ClaimId, evidence: Sequence[Evidence], *, tenant: str, now: datetime) -> None:
    """Attach documents. If they were asked for, the claim is decided anew; else who reviews it sees a new version.

    Raises:
        UnknownClaim: it is none of this tenant's.
        ClaimClosed: it is decided.
        InvalidFields: a document was captured in the future.
    """
    claim = _own(tx, claim_id, tenant)
    if claim.state not in TAKES_DOCUMENTS:
        raise ClaimClosed(claim_id, claim.state)
    if faults := tuple(evidence_faults(evidence, now)):
        raise InvalidFields(faults)
    claims.add_evidence(tx, claim_id, evidence, now=now)
    if claim.state == "documents_requested":
        claims.step(tx, claim, "submitted", now=now, new_round=True)
        submit(tx, claim, claim_round=claim.round + 1, now=now)
    else:
        claims.touch(tx, claim)


def appeal(tx: Tx, claim_id: ClaimId, reason: str, *, tenant: str, personal_data: PersonalData, now: datetime) -> None:
    """Bring a refused claim before another person.

    Raises:
        UnknownClaim: it is none of this tenant's.
        NotAppealable: it is not refused.
        PolicyErased: the insured asked to be forgotten.
    """
    claim = _own(tx, claim_id, tenant)
    if claim.state != "refused":
        raise NotAppealable(claim_id, claim.state)
    cover = coverage.find(tx, claim.policy_id)
    if cover is not None and cover.erased:
        raise PolicyErased(claim.policy_id)
    sealed = personal_data.seal(tx, reason, claim_id, "appeal")
    appeals.add(tx, claim_id, claim.round + 1, sealed, now=now)
    claims.step(tx, claim, "submitted", now=now, new_round=True, appealed=True)
    submit(tx, claim, claim_round=claim.round + 1, now=now)


def _own(tx: Tx, claim_id: ClaimId, tenant: str) -> Claim:
    claim = claims.lock(tx, claim_id)
    if claim is None or claim.tenant != tenant:
        raise UnknownClaim(claim_id)
    return claim
