"""Stores policies that follow others without a gap: sealed, stored and announced together, as one chunk.

Which policies may be followed, and by what, renew_policies and renew_one have judged before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.enrollment.domain.policies import Insured
from services.enrollment.domain.schedules import Schedule, retroactive_from
from services.enrollment.store import renewals, schedules
from services.enrollment.store.new_policies import NewPolicy, SoldUnder
from services.enrollment.store.renewals import Predecessor
from services.enrollment.usecases.contracts import Sale
from services.enrollment.usecases.vault import Vault, record_of, seal_records
from shared.db.transaction import Tx
from shared.events.policies import PoliciesEnrolled, PolicyColumns
from shared.messaging import outbox
from shared.values.ids import BatchId


@dataclass(frozen=True, slots=True)
class Follower:
    """A new policy, the one that it follows, and who is insured, in clear."""

    policy: NewPolicy
    old: Predecessor
    insured: Insured


@dataclass(frozen=True, slots=True)
class Following:
    """Followers that are sold the same at the same price. One with a ``schedule`` is alone."""

    followers: Sequence[Follower]
    sale: Sale
    under: SoldUnder
    batch_id: BatchId | None = None
    schedule: Schedule | None = None


def follow_policies(tx: Tx, chunk: Following, *, vault: Vault, now: datetime) -> None:
    """Store one chunk; each follower waits as ``upcoming`` until the job of expire_policies ends its predecessor."""
    chunk_id = chunk.followers[0].policy.chunk_id
    records = [record_of(each.insured) for each in chunk.followers]
    sealed = seal_records(vault.sealer.new_data_key(tx), chunk_id, records)
    event_id = outbox.add(tx, _announcement(chunk, now), subject=chunk_id, now=now)
    pairs = [(each.policy, each.old) for each in chunk.followers]
    renewals.add(tx, pairs, chunk.under, batch_id=chunk.batch_id, now=now, event_id=event_id, sealed=sealed)
    if chunk.schedule is not None:
        schedules.add(tx, chunk.followers[0].policy.policy_id, chunk.schedule)


def _announcement(chunk: Following, now: datetime) -> PoliciesEnrolled:
    """The one place where the world is told of renewals."""
    terms = chunk.sale.product.terms
    policies = [each.policy for each in chunk.followers]
    acts_from = retroactive_from(terms, chunk.schedule)
    items = [item.reference for item in chunk.schedule.items] if chunk.schedule else []
    return PoliciesEnrolled(
        chunk_id=policies[0].chunk_id,
        batch_id=chunk.batch_id,
        partner_id=chunk.sale.contract.partner_id,
        product_code=terms.product_code,
        product_version=terms.product_version,
        premium_fen=chunk.under.premium,
        currency=terms.currency,
        enrolled_at=now,
        stacks=terms.stacking == "pro_rata",
        policies=PolicyColumns.of(
            policy_id=[policy.policy_id for policy in policies],
            person_token=[policy.person_token for policy in policies],
            phone_token=[policy.phone_token for policy in policies],
            birth_year=[policy.birth_year for policy in policies],
            effective_from=[policy.cover.start.astimezone(UTC) for policy in policies],
            effective_to=[policy.cover.end.astimezone(UTC) for policy in policies],
            waits_from=[each.old.waits_from.astimezone(UTC) for each in chunk.followers],
            renews=[each.old.policy_id for each in chunk.followers],
            retroactive_from=None if acts_from is None else [acts_from.astimezone(UTC)] * len(policies),
            items=[items] * len(policies) if items else None,
        ),
    )
