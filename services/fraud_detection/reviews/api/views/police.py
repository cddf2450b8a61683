"""The police's papers on a claim as its reviewer sees them."""

from __future__ import annotations

from datetime import date, datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.police import PaperKind
from services.fraud_detection.claims.store import police
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from shared.db.transaction import Tx
from shared.privacy.masking import mask_account, mask_name
from shared.values.scam_types import ScamType
from shared.web.models import ReplyModel


class PaperView(ReplyModel):
    """One paper: that the report was taken, that a case was opened, or that none was."""

    line: int
    kind: PaperKind
    number: str
    """Masked but for its end. As `unit` and `officer`, empty once the person was erased."""
    unit: str
    officer: str | None
    """Masked."""
    issued_on: date
    scam_type: ScamType | None
    """The police's word, where the paper has one; the newest decides."""
    added_at: datetime


def paper_views(tx: Tx, claim: Claim, personal_data: PersonalData) -> list[PaperView]:
    def opened(sealed: bytes, field: str) -> str:
        return personal_data.open(tx, sealed, claim.claim_id, f"police:{field}") if sealed else ""

    return [
        PaperView.of(
            each,
            number=mask_account(opened(each.number, f"number:{each.line}")),
            unit=opened(each.unit, f"unit:{each.line}"),
            officer=None if each.officer is None else mask_name(opened(each.officer, f"officer:{each.line}")),
        )
        for each in police.of_claim(tx, claim.claim_id)
    ]
