"""What the views of claims and of reviews work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.evidence.api.deps import EvidenceDeps


@dataclass(frozen=True, slots=True)
class Deps(EvidenceDeps):
    """``sandbox`` says whether simulated people may claim and test phones force outcomes."""

    personal_data: PersonalData
    sandbox: bool
    undo_for: timedelta = timedelta(0)
    """How long a person may take a decision back."""
    lowest_authority: Authority = LOWEST
    """Of a reviewer for whom none was set."""
    terms: Terms = field(default_factory=Terms)
    """Those that the process has read."""
