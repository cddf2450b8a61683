"""What the views of policies and of files work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.enrollment.partners.usecases.contracts import KnownTerms
from services.enrollment.partners.usecases.quotas import EnrollmentPermits
from services.enrollment.policies.usecases.certify_policy import CodeKey
from services.enrollment.policies.usecases.erase_person import Forget
from services.enrollment.policies.usecases.vault import Vault
from shared.webhooks.api.deps import WebhookDeps


@dataclass(frozen=True, slots=True)
class PolicyDeps(WebhookDeps):
    """``elsewhere`` forgets what other wings hold of an erased person; ``sandbox`` says whether simulated people may be
    enrolled; ``permits`` keeps partners to their quotas, ``codes`` makes certificates verifiable.
    """

    vault: Vault
    elsewhere: Forget
    sandbox: bool
    permits: EnrollmentPermits
    codes: CodeKey
    known_terms: KnownTerms = field(default_factory=KnownTerms)
