"""What a claim tells of the loss, as its reviewer sees it. Persons are tokens."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.filing.api.claim_view import OtherCoverView
from services.fraud_detection.reviews.api.views.police import PaperView, paper_views
from shared.db.transaction import Tx
from shared.values.scam_types import ScamType
from shared.web.models import ReplyModel


class LossFacts(ReplyModel):
    """The claim's facts; person, phone, payee, device and handler as tokens."""

    liability: str
    territory: str
    event_reference: str | None
    event_named: bool
    """Whether a person of the staff said which event it is."""
    item_reference: str | None
    """Which of the things that the policy lists it is about."""
    scam_type: ScamType
    """By the police, where they say one."""
    told_scam_type: ScamType | None
    """What the claimant told, where the police say another."""
    police: list[PaperView]
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    amount_fen: int
    recovered_fen: int
    other_insurance_fen: int
    other_covers: list[OtherCoverView]
    description: str | None
    person_token: str
    phone_token: str
    payee_token: str
    device_token: str | None
    handler_token: str | None
    channel: str


def loss(tx: Tx, claim: Claim, personal_data: PersonalData) -> LossFacts:
    sealed = claims.description(tx, claim.claim_id)
    description = None if sealed is None else personal_data.open(tx, sealed, claim.claim_id, "description")
    papers = paper_views(tx, claim, personal_data)
    return LossFacts.of(claim, description=description, channel=claim.tenant, police=papers)
