"""Policies a year on: enrolled at one moment, looked at and worked on at another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.files.store import batches
from services.enrollment.files.store.batches import Rejection
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.people.domain.policies import CancelReason, Policy
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.expire_policies import expire_some
from services.enrollment.policies.usecases.run_renewals import work_off_renewals
from services.enrollment.policies.usecases.vault import Vault
from shared.db import sandbox_clock
from shared.db.pool import Database
from shared.events.envelope import Event
from shared.values.ids import BatchId, PolicyId
from tests.services.enrollment.builders import NOW, PRODUCT, enroll_policy, load_all, row

E = TypeVar("E", bound=Event)

BEGINS = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""The midnight in Shanghai at which the cover of ``row`` begins."""
ENDS = BEGINS + timedelta(days=365)
SHORTLY_BEFORE = ENDS - timedelta(days=30)


@dataclass(frozen=True)
class Office:
    """One service's database and keys, with the moment given to each thing that is done."""

    database: Database
    vault: Vault

    def enroll(self, n: int, *, now: datetime = NOW, tenant: str = "telecom-east", **changes: str) -> Policy:
        with self.database.transaction() as tx:
            enrolled = enroll_policy(
                tx, row(n, **changes), PRODUCT, tenant=tenant, vault=self.vault, now=now, sandbox=True
            )
        return enrolled.policy

    def send(self, kind: BatchKind, lines: Sequence[str], *, now: datetime, dry_run: bool = False) -> BatchId:
        """A file of this kind, received and worked off."""
        batch_id = self.receive(kind, lines, now=now, dry_run=dry_run)
        load_all(self.database, self.vault, now=now)
        return batch_id

    def receive(self, kind: BatchKind, lines: Sequence[str], *, now: datetime, dry_run: bool = False) -> BatchId:
        declared = Declared(None, None, kind=kind, dry_run=dry_run)
        data = "\n".join([*lines, ""]).encode()
        with self.database.transaction() as tx:
            return receive_batch(
                tx, [data], PRODUCT, declared, tenant="telecom-east", actor="test", vault=self.vault, now=now
            ).batch_id

    def cancel(self, policy: Policy, reason: CancelReason = "insured_request", *, now: datetime) -> Policy:
        with self.database.transaction() as tx:
            return cancel_policy(
                tx, policy.policy_id, reason, tenant=policy.partner_id, actor="test", vault=self.vault, now=now
            )

    def end_terms(self, now: datetime) -> None:
        """What the job does until there is nothing left."""
        while True:
            with self.database.transaction() as tx:
                if not expire_some(tx, now=now):
                    return

    def work_off_renewals(self, now: datetime) -> None:
        while True:
            with self.database.transaction() as tx:
                if not work_off_renewals(tx, vault=self.vault, now=now):
                    return

    def policy(self, policy_id: PolicyId) -> Policy:
        with self.database.transaction() as tx:
            found = policies.of_any_partner(tx, policy_id)
        assert found is not None
        return found

    def successor(self, policy: Policy) -> Policy:
        renewed_by = self.policy(policy.policy_id).renewed_by
        assert renewed_by is not None
        return self.policy(renewed_by)

    def rejections(self, batch_id: BatchId) -> list[Rejection]:
        with self.database.transaction() as tx:
            return batches.rejections(tx, batch_id, after_line=0, limit=1000)

    def codes(self, batch_id: BatchId) -> list[tuple[int, str]]:
        return [(each.line, each.fault.code) for each in self.rejections(batch_id)]

    def counts(self, batch_id: BatchId) -> tuple[Any, ...]:
        """The batch's state, and how many rows were accepted and rejected."""
        with self.database.transaction() as tx:
            found = tx.one("SELECT state, accepted, rejected FROM batches WHERE batch_id = %s", (batch_id,))
        assert found is not None
        return found

    def told(self, kind: type[E]) -> list[E]:
        """The events of a type that stand in the outbox, in order."""
        with self.database.transaction() as tx:
            rows = tx.all("SELECT body FROM outbox WHERE type = %s ORDER BY id", (kind.TYPE,))
        return [msgspec.json.decode(each[0], type=kind) for each in rows]

    def move_clock(self, to: datetime) -> None:
        with self.database.transaction() as tx:
            sandbox_clock.advance(tx, to)
