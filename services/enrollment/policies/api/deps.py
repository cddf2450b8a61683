"""What the views of policies and of files work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.enrollment.partners.usecases.contracts import KnownTerms
from services.enrollment.partners.usecases.quotas import EnrollmentPermits
from services.enrollment.policies.usecases.certify_policy import CodeKey
from services.enrollment.webhooks.api import deps as webhooks


@dataclass(frozen=True, slots=True)
class Deps(webhooks.Deps):
    """``sandbox`` says whether simulated people may be enrolled; ``permits`` keeps partners to their quotas, ``codes``
    makes certificates verifiable.
    """

    sandbox: bool
    permits: EnrollmentPermits
    codes: CodeKey
    known_terms: KnownTerms = field(default_factory=KnownTerms)
