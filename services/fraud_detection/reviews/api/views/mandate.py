"""Who acts for an insured as their reviewer sees it, and what was said of the mandate."""

from __future__ import annotations

from datetime import date, datetime

from services.fraud_detection.claims.domain.representatives import Role
from services.fraud_detection.claims.store import representatives
from services.fraud_detection.claims.store.representatives import MandateCheckRow
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from shared.db.transaction import Tx
from shared.values.documents import DocumentType
from shared.values.ids import ClaimId
from shared.web.models import ReplyModel


class MandateCheckView(ReplyModel):
    """What a person said of the mandate."""

    claim_id: str
    version: int
    """The claim's from then on."""
    holds: bool
    document_sha256: str | None
    """The document that they looked at."""
    reason: str
    """Empty once the person was erased."""
    checked_by: str
    checked_at: datetime


class RepresentativeOfCase(ReplyModel):
    """Who acts for the insured."""

    role: Role
    name_masked: str
    """Empty once the person was erased. A revelation tells name, number and phone in clear."""
    document_type: DocumentType
    has_phone: bool
    mandate_sha256: str | None
    """Which of the claim's documents the mandate is, where it was told."""
    valid_until: date | None
    """The last day of the mandate as told, in Shanghai."""
    other_claimants: int
    """For how many others the same representative filed claims."""
    checks: list[MandateCheckView]
    """The oldest first; the last one counts."""


def check_view(tx: Tx, row: MandateCheckRow, personal_data: PersonalData) -> MandateCheckView:
    reason = personal_data.open(tx, row.reason, row.claim_id, f"mandate {row.version}") if row.reason else ""
    return MandateCheckView.of(row, reason=reason)


def representative(tx: Tx, claim_id: ClaimId, personal_data: PersonalData) -> RepresentativeOfCase | None:
    row = representatives.many(tx, [claim_id]).get(claim_id)
    if row is None:
        return None
    return RepresentativeOfCase.of(
        row,
        has_phone=row.phone is not None,
        other_claimants=representatives.other_claimants(tx, claim_id),
        checks=[check_view(tx, each, personal_data) for each in representatives.checks(tx, claim_id)],
    )
