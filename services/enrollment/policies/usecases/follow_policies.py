"""Stores policies that follow others without a gap: sealed, stored and announced together, as one chunk.

Which policies may be followed, and by what, renew_policies and renew_one have judged before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.people.domain.policies import Insured
from services.enrollment.policies.store import renewals, schedules
from services.enrollment.policies.store.chunks import NewChunk
from services.enrollment.policies.store.new_policies import NewPolicy
from services.enrollment.policies.store.renewals import Predecessor
from services.enrollment.policies.usecases.announce import policies_enrolled
from services.enrollment.policies.usecases.vault import Vault, record_of, seal_records
from services.enrollment.products.domain.schedules import Schedule
from shared.db.transaction import Tx
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
    pairs = [(each.policy, each.old) for each in chunk.followers]
    event = policies_enrolled(
        [policy for policy, _ in pairs],
        chunk.sale,
        chunk.under,
        now=now,
        batch_id=chunk.batch_id,
        schedule=chunk.schedule,
        follow=[old for _, old in pairs],
    )
    event_id = outbox.add(tx, event, subject=chunk_id, now=now)
    new = NewChunk(
        chunk_id=chunk_id,
        batch_id=chunk.batch_id,
        kind="renewed",
        policies=len(pairs),
        under=chunk.under,
        enrolled_at=now,
        event_id=event_id,
        sealed=sealed,
        ends_next=min(policy.cover.end for policy, _ in pairs),
    )
    renewals.add(tx, pairs, new)
    if chunk.schedule is not None:
        schedules.add(tx, chunk.followers[0].policy.policy_id, chunk.schedule)
