"""What a link leads to, for whom and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.evidence.domain.files import EvidenceId, Shown

LASTS: Final = timedelta(minutes=5)
"""Time to look at a page and come back to it; too short to be of use in a mail or a browser's history."""


@dataclass(frozen=True, slots=True)
class Link:
    """``page_no`` counts from 1, and is 1 where there are no pages."""

    evidence_id: EvidenceId
    shown: Shown
    page_no: int
    asked_by: str
    """The person's subject, for the audit trail: who follows a link shows no token."""
    expires_at: datetime
