"""What a resident adds to a claim: documents that were asked for or not, and an appeal against a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.claims.domain.errors import ClaimClosed, NotAppealable, PolicyErased, UnknownClaim
from services.fraud_detection.claims.domain.states import APPEALS, TAKES_DOCUMENTS, WAITS_FOR_PAPERS
from services.fraud_detection.claims.store import appeals, claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import file_anew, submit
from services.fraud_detection.coverage.store import coverage, erased_policies
from services.fraud_detection.decisions.store import reviews
from services.fraud_detection.decisions.store.reviews import ReviewRow
from services.fraud_detection.filing.domain.filing import evidence_faults
from shared.db.transaction import Tx
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId


def add_documents(tx: Tx, claim_id: ClaimId, evidence: Sequence[Evidence], *, tenant: str, now: datetime) -> None:
    """Attach documents. If they were asked for, the claim is decided anew; else who reviews it sees a new version.

    Raises:
        UnknownClaim: it is none of this tenant's.
        ClaimClosed: it is decided.
        PolicyErased: the insured was forgotten.
        InvalidFields: a document was captured in the future.
    """
    claim = own(tx, claim_id, tenant)
    require_takes_documents(tx, claim)
    if faults := tuple(evidence_faults(evidence, now)):
        raise InvalidFields(faults)
    claims.add_evidence(tx, {claim_id: evidence}, now=now)
    if claim.state in WAITS_FOR_PAPERS:
        file_anew(tx, claim, by=tenant, why="documents", now=now)
    else:
        claims.touch(tx, claim)


def require_takes_documents(tx: Tx, claim: Claim) -> None:
    """What comes for it is still looked at.

    Raises:
        ClaimClosed: it is decided.
        PolicyErased: the insured was forgotten, and nothing about them is kept any more.
    """
    if claim.state not in TAKES_DOCUMENTS:
        raise ClaimClosed(claim.claim_id, claim.state)
    if erased_policies.is_over(tx, claim.policy_id):
        raise PolicyErased(claim.policy_id)


def appeal(tx: Tx, claim_id: ClaimId, reason: str, *, tenant: str, personal_data: PersonalData, now: datetime) -> None:
    """Bring a refused claim before another person.

    Raises:
        UnknownClaim: it is none of this tenant's.
        NotAppealable: it is not refused, or was appealed as often as may be.
        PolicyErased: the insured asked to be forgotten.
    """
    claim = own(tx, claim_id, tenant)
    if claim.state != "refused" or appeals.count(tx, claim_id) >= APPEALS:
        raise NotAppealable(claim_id, claim.state)
    cover = coverage.find(tx, claim.policy_id)
    if cover is not None and cover.erased:
        raise PolicyErased(claim.policy_id)
    sealed = personal_data.seal(tx, reason, claim_id, "appeal")
    appeals.add(tx, claim_id, claim.round + 1, sealed, now=now)
    claim = claims.step(tx, claim, "appealed", now=now, by=tenant, new_round=True, appealed=True)
    if coverage.is_with_terms(tx, claim.policy_id):
        submit(tx, claim, now=now)
        return
    # Without a policy or its terms there is nothing for the machine to look at.
    claims.step(tx, claim, "in_review", now=now, by=tenant, why="waiting_for_policy_over")
    reviews.open_reviews(tx, [ReviewRow(claim_id, claim.round, "appeal", now)])


def own(tx: Tx, claim_id: ClaimId, tenant: str) -> Claim:
    """The claim, locked, if it is this channel's.

    Raises:
        UnknownClaim: it is another's, or none.
    """
    claim = claims.lock(tx, claim_id)
    if claim is None or claim.tenant != tenant:
        raise UnknownClaim(claim_id)
    return claim
