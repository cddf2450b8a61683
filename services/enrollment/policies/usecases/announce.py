"""The event that announces new policies: as many as one chunk holds, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.policies.store.new_policies import NewPolicy
from services.enrollment.policies.store.renewals import Predecessor
from services.enrollment.products.domain.schedules import Schedule, retroactive_from
from shared.events.policies import PoliciesEnrolled, PolicyColumns
from shared.events.products import ProductPublished
from shared.values.ids import BatchId, PartnerId
from shared.values.money import Fen


def policies_enrolled(
    policies: Sequence[NewPolicy],
    sale: Sale,
    under: SoldUnder,
    *,
    now: datetime,
    batch_id: BatchId | None = None,
    schedule: Schedule | None = None,
    follow: Sequence[Predecessor] = (),
) -> PoliciesEnrolled:
    """``policies`` are one chunk's, all stored, and at least one; of renewals, ``follow`` is whom each follows."""
    terms = sale.product.terms
    acts_from = retroactive_from(terms, schedule)
    items = [item.reference for item in schedule.items] if schedule else []
    columns = PolicyColumns.of(
        policy_id=[policy.policy_id for policy in policies],
        person_token=[policy.person_token for policy in policies],
        phone_token=[policy.phone_token for policy in policies],
        birth_year=[policy.birth_year for policy in policies],
        effective_from=[policy.cover.start.astimezone(UTC) for policy in policies],
        effective_to=[policy.cover.end.astimezone(UTC) for policy in policies],
        waits_from=[each.waits_from.astimezone(UTC) for each in follow] or None,
        renews=[each.policy_id for each in follow] or None,
        retroactive_from=None if acts_from is None else [acts_from.astimezone(UTC)] * len(policies),
        items=[items] * len(policies) if items else None,
        name_token=[policy.name_token for policy in policies],
    )
    return chunk_enrolled(
        policies[0].chunk_id,
        columns,
        terms,
        partner_id=sale.contract.partner_id,
        batch_id=batch_id,
        now=now,
        premium=under.premium,
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
