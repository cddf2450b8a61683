"""What enrollment says of policies, on ``enrollment.policies.v1``. Persons and phones are tokens."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from shared.events.envelope import Event, Moment


class PolicyColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 1,000 policies as columns of one length; row ``i`` of each column is one policy."""

    policy_id: list[str]
    person_token: list[str]
    phone_token: list[str]
    birth_year: list[int]
    effective_from: list[Moment]
    effective_to: list[Moment]
    waits_from: list[Moment] | None = None
    """From when waiting days count; absent: from effective_from. A renewal keeps that of the first policy."""
    renews: list[str] | None = None
    """Which policy each one follows without a gap."""
    retroactive_from: list[Moment] | None = None
    """With products that are claims-made: acts before it are not covered."""


class PoliciesEnrolled(Event, frozen=True, kw_only=True):
    """New policies of one partner under one product version, each at version 1; one enrollment is a chunk of one."""

    TYPE: ClassVar[str] = "policies.enrolled"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    chunk_id: str
    batch_id: str | None = None
    partner_id: str
    product_code: str
    product_version: int
    premium_fen: int
    currency: str
    enrolled_at: Moment
    policies: PolicyColumns
    stacks: bool = False
    """Whether the person may hold the product several times, each policy paying its share."""


class PolicyCanceled(Event, frozen=True, kw_only=True):
    """One policy ends early. ``version`` is the policy's; a consumer keeps the newest."""

    TYPE: ClassVar[str] = "policies.canceled"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    policy_id: str
    version: int
    partner_id: str
    canceled_at: Moment
    effective_to: Moment
    refund_fen: int
    currency: str
    reason: str


class PolicyEndorsed(Event, frozen=True, kw_only=True):
    """One policy was changed while it runs. ``premium_delta_fen`` is charged, or given back where below zero."""

    TYPE: ClassVar[str] = "policies.endorsed"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    endorsement_id: str
    policy_id: str
    version: int
    partner_id: str
    kind: Literal["item_added", "item_removed", "phone_changed", "name_corrected"]
    endorsed_at: Moment
    effective_at: Moment
    premium_delta_fen: int
    currency: str
    phone_token: str | None = None
    """With phone_changed: the new one."""


class PoliciesErased(Event, frozen=True, kw_only=True):
    """The persons behind these policies are to be forgotten: consumers overwrite their tokens and what they sealed."""

    TYPE: ClassVar[str] = "policies.erased"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    policy_ids: list[str]
    erased_at: Moment


class PoliciesTransferred(Event, frozen=True, kw_only=True):
    """Up to 1,000 running policies move from one partner to another. ``versions`` are the policies' own, in one order."""

    TYPE: ClassVar[str] = "policies.transferred"
    TOPIC: ClassVar[str] = "enrollment.policies.v1"

    from_partner_id: str
    to_partner_id: str
    transferred_at: Moment
    policy_ids: list[str]
    versions: list[int]
