"""The event that announces new policies: as many as one chunk holds, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.enrollment.store.new_policies import NewPolicy
from shared.events.policies import PoliciesEnrolled, PolicyColumns
from shared.events.products import ProductPublished
from shared.values.ids import BatchId, PartnerId
from shared.values.money import Fen


def policies_enrolled(
    policies: Sequence[NewPolicy],
    terms: ProductPublished,
    *,
    partner_id: PartnerId,
    batch_id: BatchId | None,
    now: datetime,
    premium: Fen | None = None,
    retroactive_from: datetime | None = None,
    items: Sequence[str] = (),
) -> PoliciesEnrolled:
    """``policies`` are one chunk's, all stored, and at least one; ``premium`` is the terms' own unless given.

    ``items`` are the references of what each of them lists.
    """
    columns = PolicyColumns.of(
        policy_id=[policy.policy_id for policy in policies],
        person_token=[policy.person_token for policy in policies],
        phone_token=[policy.phone_token for policy in policies],
        birth_year=[policy.birth_year for policy in policies],
        effective_from=[policy.cover.start.astimezone(UTC) for policy in policies],
        effective_to=[policy.cover.end.astimezone(UTC) for policy in policies],
        retroactive_from=None if retroactive_from is None else [retroactive_from.astimezone(UTC)] * len(policies),
        items=[items] * len(policies) if items else None,
    )
    return chunk_enrolled(
        policies[0].chunk_id, columns, terms, partner_id=partner_id, batch_id=batch_id, now=now, premium=premium
    )


def chunk_enrolled(
    chunk_id: str,
    columns: PolicyColumns,
    terms: ProductPublished,
    *,
    partner_id: PartnerId,
    batch_id: BatchId | None,
    now: datetime,
    premium: Fen | None = None,
) -> PoliciesEnrolled:
    """The same of policies that are in columns already."""
    return PoliciesEnrolled(
        chunk_id=chunk_id,
        batch_id=batch_id,
        partner_id=partner_id,
        product_code=terms.product_code,
        product_version=terms.product_version,
        premium_fen=terms.premium_fen if premium is None else premium,
        currency=terms.currency,
        enrolled_at=now,
        stacks=terms.stacking == "pro_rata",
        policies=columns,
    )
