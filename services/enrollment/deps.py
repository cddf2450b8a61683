"""What enrollment's views work with, made once by app.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.enrollment.partners.usecases.contracts import KnownTerms
from services.enrollment.partners.usecases.quotas import EnrollmentPermits
from services.enrollment.people.usecases.vault import Vault
from services.enrollment.policies.usecases.certify_policy import CodeKey
from services.enrollment.webhooks.usecases.try_endpoint import Trials


@dataclass(frozen=True, slots=True)
class Deps:
    """``sandbox`` says whether simulated people may be enrolled; ``trials`` sends test webhooks, ``permits``
    keeps partners to their quotas, ``codes`` makes certificates verifiable.
    """

    vault: Vault
    sandbox: bool
    trials: Trials
    permits: EnrollmentPermits
    codes: CodeKey
    known_terms: KnownTerms = field(default_factory=KnownTerms)
