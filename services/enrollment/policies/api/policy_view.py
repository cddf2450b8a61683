"""How a policy is shown over HTTP: its insured masked, enough to be recognized by who knows them."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.people.domain.policies import CancelReason, Insured, Policy, PolicyState
from shared.privacy.masking import mask_document, mask_name, mask_phone
from shared.web.models import ReplyModel


class MaskedInsured(ReplyModel):
    """Enough of the person to be recognized by who knows them, no more."""

    name: str
    document_type: str
    document: str
    phone: str


class ClaimsSoFar(ReplyModel):
    """What became of the policy's claims, as far as it was announced."""

    filed: int
    """Decided at least once, by rules or a person."""
    approved: int
    paid_fen: int


class CancellationView(ReplyModel):
    """How a policy ended early."""

    canceled_at: datetime
    reason: CancelReason
    refund_fen: int
    """What of the premium is given back."""


class PolicyView(ReplyModel):
    """One policy."""

    policy_id: str
    partner_reference: str
    product_code: str
    product_version: int
    batch_id: str | None
    state: PolicyState
    version: int
    premium_fen: int
    currency: str
    effective_from: datetime
    effective_to: datetime
    waits_from: datetime
    """From where waiting days count; a renewal keeps the first policy's."""
    enrolled_at: datetime
    renews: str | None
    """The policy that this one follows without a gap."""
    renewed_by: str | None
    """The policy that follows this one."""
    endorsements: int
    """How often it was changed since; GET …/endorsements lists them."""
    cancellation: CancellationView | None
    insured: MaskedInsured | None
    """Null where the person was forgotten."""
    claims: ClaimsSoFar


def policy_view(policy: Policy, insured: Insured | None) -> PolicyView:
    ended, claims = policy.ended_early, policy.claims
    return PolicyView.of(
        policy,
        premium_fen=policy.premium,
        cancellation=None if ended is None else CancellationView.of(ended, refund_fen=ended.refund),
        insured=None if insured is None else _masked(insured),
        claims=ClaimsSoFar(filed=claims.filed, approved=claims.approved, paid_fen=claims.paid),
    )


def _masked(insured: Insured) -> MaskedInsured:
    return MaskedInsured(
        name=mask_name(insured.name),
        document_type=insured.document_type,
        document=mask_document(insured.document_number),
        phone=mask_phone(insured.phone),
    )
