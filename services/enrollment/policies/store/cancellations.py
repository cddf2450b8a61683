"""Early ends of policies, one or thousands in a statement each. What is given back is the domain's to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from services.enrollment.people.domain.policies import CancelReason, PolicyState
from services.enrollment.policies.domain.refunds import Charge
from services.enrollment.products.domain.amounts import Amounts
from services.enrollment.products.domain.compensation import CompensationKind
from shared.db.transaction import Row, Tx
from shared.values.ids import BatchId, EventId, PartnerId, PolicyId
from shared.values.money import Fen

# A renewal that waits is locked with its predecessor: it falls with it.
_FOLLOWING: Final = "SELECT policy_id FROM renewals WHERE renews = ANY(%s::uuid[])"
# In the order of ids, so that two who end the same policies wait for each other and never in a circle. Of this table
# alone: a row that changed while its lock was waited for is judged anew, and a join of the renewals then loses it.
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE"
_READ: Final = """
SELECT p.policy_id, r.partner_id, p.product_id, p.product_version, p.state, p.version, p.effective_from, p.effective_to,
       k.premium_fen, k.tax_fen, k.compensation_fen, n.renews, s.policy_id IS NOT NULL, e.first_moments, e.premiums,
       e.taxes, e.compensations, k.compensation_kind, d.premium, d.tax, d.compensation
FROM policies p
JOIN partners r USING (partner_no)
JOIN policy_chunks k USING (chunk_id)
LEFT JOIN renewals n USING (policy_id)
LEFT JOIN (
    SELECT policy_id FROM payout_states WHERE policy_id = ANY(%(ids)s::uuid[]) AND state = 'paid'
    UNION SELECT policy_id FROM claim_outcomes WHERE policy_id = ANY(%(ids)s::uuid[]) AND outcome = 'approved'
) s USING (policy_id)
LEFT JOIN (
    SELECT policy_id, array_agg(effective_at ORDER BY version) AS first_moments,
           array_agg(premium_delta_fen ORDER BY version) AS premiums,
           array_agg(tax_delta_fen ORDER BY version) AS taxes,
           array_agg(compensation_delta_fen ORDER BY version) AS compensations
    FROM endorsements WHERE policy_id = ANY(%(ids)s::uuid[]) GROUP BY policy_id
) e USING (policy_id)
LEFT JOIN (
    SELECT policy_id, sum(premium_fen)::bigint AS premium, sum(tax_fen)::bigint AS tax,
           sum(compensation_fen)::bigint AS compensation
    FROM statement_disputes WHERE policy_id = ANY(%(ids)s::uuid[]) AND state = 'upheld' GROUP BY policy_id
) d USING (policy_id)
WHERE p.policy_id = ANY(%(ids)s::uuid[]) ORDER BY p.policy_id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What an endorsement charged, or gave back below zero, from a moment on."""

    effective_at: datetime
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Held:
    """A policy that this transaction has locked, with all that was charged for it."""

    policy_id: PolicyId
    partner_id: PartnerId
    product_id: int
    product_version: int
    state: PolicyState
    version: int
    effective_from: datetime
    effective_to: datetime
    sold: Amounts
    compensation_kind: CompensationKind
    """By which agreement its partner was paid for the sale."""
    renews: PolicyId | None
    claimed: bool
    """A claim on it was approved, whether it is paid yet or not."""
    changes: tuple[Change, ...]
    adjusted: Amounts
    """By disputes that were upheld."""

    def charges(self, zone: tzinfo) -> list[Charge]:
        """All that was charged so far, by days of ``zone``. An adjustment corrects the price of the whole term."""
        begins = self.effective_from.astimezone(zone).date()
        changes = [Charge(each.amounts, each.effective_at.astimezone(zone).date()) for each in self.changes]
        return [Charge(self.sold, begins), Charge(self.adjusted, begins), *changes]


def hold(tx: Tx, policy_ids: Sequence[PolicyId]) -> list[Held]:
    """These policies and the renewals that follow them, locked until the transaction ends, by id."""
    asked = list(policy_ids)
    locked: set[str] = set()
    # A second time for a renewal that was stored while this waited for its predecessor.
    while late := {*asked, *(row[0] for row in tx.all(_FOLLOWING, (asked,)))} - locked:
        tx.execute(_LOCK, (list(late),))
        locked |= late
    return [_held(row) for row in tx.all(_READ, {"ids": list(locked)})]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """That and why a policy ends early, and what is given back."""

    policy_id: PolicyId
    reason: CancelReason
    effective_to: datetime
    refund: Amounts
    with_predecessor: bool


_CANCEL: Final = """
UPDATE policies p SET state = 'canceled', version = p.version + 1, effective_to = ended.effective_to
FROM unnest(%s::uuid[], %s::timestamptz[]) AS ended (policy_id, effective_to)
WHERE p.policy_id = ended.policy_id AND p.state IN ('in_force', 'upcoming')
"""
_NOTE: Final = """
INSERT INTO cancellations (policy_id, reason, canceled_at, refund_fen, tax_refund_fen, compensation_refund_fen,
                           canceled_by, event_id, batch_id, with_predecessor)
VALUES %s
"""


def cancel(
    tx: Tx,
    ends: Sequence[tuple[Cancellation, EventId]],
    *,
    canceled_at: datetime,
    canceled_by: str,
    batch_id: BatchId | None,
) -> None:
    """End policies that ``hold`` locked and that run or wait, each told of by its event."""
    ended = tx.execute(_CANCEL, ([end.policy_id for end, _ in ends], [end.effective_to for end, _ in ends]))
    assert ended == len(ends)  # noqa: S101  # locked, and their states were read after that
    rows = [
        (
            end.policy_id,
            end.reason,
            canceled_at,
            end.refund.premium,
            end.refund.tax,
            end.refund.compensation,
            canceled_by,
            event_id,
            batch_id,
            end.with_predecessor,
        )
        for end, event_id in ends
    ]
    tx.insert_many(_NOTE, rows)


def _held(row: Row) -> Held:
    changes = zip(*(column or () for column in row[13:17]), strict=True)
    return Held(
        policy_id=PolicyId(row[0]),
        partner_id=PartnerId(row[1]),
        product_id=row[2],
        product_version=row[3],
        state=row[4],
        version=row[5],
        effective_from=row[6],
        effective_to=row[7],
        sold=Amounts(Fen(row[8]), Fen(row[9]), Fen(row[10])),
        compensation_kind=row[17],
        renews=None if row[11] is None else PolicyId(row[11]),
        claimed=row[12],
        adjusted=Amounts(Fen(row[18] or 0), Fen(row[19] or 0), Fen(row[20] or 0)),
        changes=tuple(Change(at, Amounts(Fen(premium), Fen(tax), Fen(kept))) for at, premium, tax, kept in changes),
    )
