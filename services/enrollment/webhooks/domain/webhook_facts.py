"""What a partner's server may be told: a struct for each type, its fields the message's data. Ids and amounts only.

Policies of a batch are told by ``batch.finished`` alone: millions of messages would say no more and drown the receiver.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Literal, get_args

import msgspec

from services.enrollment.people.domain.policies import CancelReason

FactType = Literal[
    "batch.finished",
    "policy.issued",
    "policy.canceled",
    "policy.renewed",
    "claim.changed",
    "payout.made",
    "endpoint.disabled",
]
ClaimState = Literal["in_review", "documents_requested", "approved", "refused"]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to what is a partner's."""

    TYPE: ClassVar[FactType]


class BatchFinished(Fact, frozen=True, kw_only=True):
    """A file was worked off, or failed. How each row came out is in its results."""

    TYPE: ClassVar[FactType] = "batch.finished"

    batch_id: str
    state: Literal["finished", "failed"]
    kind: str
    product_code: str
    dry_run: bool
    rows: int
    accepted: int
    rejected: int


class _Policy(msgspec.Struct, frozen=True, kw_only=True):
    policy_id: str
    partner_reference: str
    product_code: str
    product_version: int
    state: str
    version: int
    premium_fen: int
    currency: str
    effective_from: datetime
    effective_to: datetime


class PolicyIssued(_Policy, Fact, frozen=True, kw_only=True):
    """One policy was enrolled by itself."""

    TYPE: ClassVar[FactType] = "policy.issued"


class PolicyCanceled(Fact, frozen=True, kw_only=True):
    """A policy ended early."""

    TYPE: ClassVar[FactType] = "policy.canceled"

    policy_id: str
    partner_reference: str
    state: str
    version: int
    reason: CancelReason
    effective_to: datetime
    refund_fen: int
    currency: str


class PolicyRenewed(_Policy, Fact, frozen=True, kw_only=True):
    """One policy was renewed by itself: ``policy_id`` follows ``renews`` without a gap."""

    TYPE: ClassVar[FactType] = "policy.renewed"

    renews: str


class ClaimChanged(Fact, frozen=True, kw_only=True):
    """A claim on one of the partner's policies reached another state. ``version`` grows: keep the newest."""

    TYPE: ClassVar[FactType] = "claim.changed"

    claim_id: str
    policy_id: str
    partner_reference: str
    version: int
    state: ClaimState
    amount_fen: int
    currency: str


class PayoutMade(Fact, frozen=True, kw_only=True):
    """Money for a claim on one of the partner's policies moved."""

    TYPE: ClassVar[FactType] = "payout.made"

    payout_id: str
    claim_id: str
    policy_id: str
    partner_reference: str
    version: int
    amount_fen: int
    currency: str


FACT_TYPES: Final[tuple[FactType, ...]] = get_args(FactType)

# A proposal to refuse is ours alone: only a person refuses, and may find otherwise.
_CLAIM_STATES: Final[dict[str, ClaimState]] = {
    "review": "in_review",
    "refusal_proposed": "in_review",
    "documents_requested": "documents_requested",
    "approved": "approved",
    "refused": "refused",
}


def claim_state(outcome: str) -> ClaimState:
    """What a partner is told of a decision."""
    return _CLAIM_STATES[outcome]
