"""What enrollment says of policies, on ``enrollment.policies.v1``. Persons and phones are tokens."""

from __future__ import annotations

from typing import ClassVar

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
