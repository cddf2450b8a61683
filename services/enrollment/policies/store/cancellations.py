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
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import BatchId, EventId, PartnerId, PolicyId

# A renewal that waits is locked with its predecessor: it falls with it.
_FOLLOWING: Final = "SELECT policy_id FROM renewals WHERE renews = ANY(%s::uuid[])"
# In the order of ids, so that two who end the same policies wait for each other and never in a circle. Of this table
# alone: a row that changed while its lock was waited for is judged anew, and a join of the renewals then loses it.
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE"


@dataclass(frozen=True, slots=True)
class EndorsedAmounts:
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
    changes: tuple[EndorsedAmounts, ...]
    adjusted: Amounts
    """By disputes that were upheld."""

    def charges(self, zone: tzinfo) -> list[Charge]:
        """All that was charged so far, by days of ``zone``. An adjustment corrects the price of the whole term."""
        begins = self.effective_from.astimezone(zone).date()
        changes = [Charge(each.amounts, each.effective_at.astimezone(zone).date()) for each in self.changes]
        return [Charge(self.sold, begins), Charge(self.adjusted, begins), *changes]


_HELD: Final = Columns(
    Held,
    partner_id="r.partner_id",
    sold={"premium": "k.premium_fen", "tax": "k.tax_fen", "compensation": "k.compensation_fen"},
    compensation_kind="k.compensation_kind",
    renews="n.renews",
    claimed="s.policy_id IS NOT NULL",
    changes="coalesce(e.changes, '[]')",
    adjusted={column: f"coalesce(d.{column}, 0)" for column in ("premium", "tax", "compensation")},
)
_READ: Final = f"""
SELECT {_HELD.of("p")}
FROM policies p
JOIN partners r USING (partner_no)
JOIN policy_chunks k USING (chunk_id)
LEFT JOIN renewals n USING (policy_id)
LEFT JOIN (
    SELECT policy_id FROM payout_states WHERE policy_id = ANY(%(ids)s::uuid[]) AND state = 'paid'
    UNION SELECT policy_id FROM claim_outcomes WHERE policy_id = ANY(%(ids)s::uuid[]) AND outcome = 'approved'
) s USING (policy_id)
LEFT JOIN (
    SELECT policy_id, jsonb_agg(jsonb_build_object('effective_at', effective_at, 'amounts', jsonb_build_object(
        'premium', premium_delta_fen, 'tax', tax_delta_fen, 'compensation', compensation_delta_fen)) ORDER BY version
    ) AS changes
    FROM endorsements WHERE policy_id = ANY(%(ids)s::uuid[]) GROUP BY policy_id
) e USING (policy_id)
LEFT JOIN (
    SELECT policy_id, sum(premium_fen)::bigint AS premium, sum(tax_fen)::bigint AS tax,
           sum(compensation_fen)::bigint AS compensation
    FROM statement_disputes WHERE policy_id = ANY(%(ids)s::uuid[]) AND state = 'upheld' GROUP BY policy_id
) d USING (policy_id)
WHERE p.policy_id = ANY(%(ids)s::uuid[]) ORDER BY p.policy_id
"""


def hold(tx: Tx, policy_ids: Sequence[PolicyId]) -> list[Held]:
    """These policies and the renewals that follow them, locked until the transaction ends, by id."""
    asked = list(policy_ids)
    locked: set[str] = set()
    # A second time for a renewal that was stored while this waited for its predecessor.
    while late := {*asked, *tx.all(_FOLLOWING, (asked,), into=str)} - locked:
        tx.execute(_LOCK, (list(late),))
        locked |= late
    return tx.all(_READ, {"ids": list(locked)}, into=Held)


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
_CANCELLATION: Final = Columns(
    Cancellation,
    refund={"premium": "refund_fen", "tax": "tax_refund_fen", "compensation": "compensation_refund_fen"},
    effective_to="NULL::timestamptz",
)
_NOTE: Final = f"""
INSERT INTO cancellations ({_CANCELLATION.names}, canceled_at, canceled_by, event_id, batch_id) VALUES %s
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
        [*_CANCELLATION.values(end).values(), canceled_at, canceled_by, event_id, batch_id] for end, event_id in ends
    ]
    tx.insert_many(_NOTE, rows)
