"""What policies list one by one, as enrollment told it: one row for each thing and each version that concerned it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.coverage.domain.cover import Listing
from services.fraud_detection.coverage.store import erased_policies
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.events.policies import PoliciesEnrolled, PolicyEndorsed
from shared.values.ids import PolicyId

_KEEP_LISTED: Final = """
INSERT INTO coverage_items (policy_id, version, reference, counts_from, listed)
SELECT policy_id::uuid, version, reference, counts_from, listed
FROM (VALUES %s) AS given (policy_id, version, reference, counts_from, listed)
WHERE NOT EXISTS (SELECT FROM erased_policies WHERE erased_policies.policy_id = given.policy_id::uuid)
ON CONFLICT (policy_id, version, reference) DO NOTHING"""

_KEEP_CHANGE: Final = """
INSERT INTO coverage_items (policy_id, version, reference, counts_from, listed)
SELECT %(policy_id)s, %(version)s, %(reference)s, %(counts_from)s, %(listed)s
WHERE NOT EXISTS (SELECT FROM erased_policies WHERE policy_id = %(policy_id)s)
ON CONFLICT (policy_id, version, reference) DO NOTHING"""


@dataclass(frozen=True, slots=True)
class _Listed:
    policy_id: PolicyId
    listing: Listing


_OF_POLICIES: Final = f"""
SELECT {Columns(_Listed, listing={})}
FROM coverage_items WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id, version, reference"""


def keep_listed(tx: Tx, chunks: Sequence[PoliciesEnrolled]) -> None:
    """What the policies of these chunks list from their beginning, but not for who is to be forgotten.

    Most products list nothing.
    """
    rows = [
        (policy_id, 1, reference, begins, True)
        for chunk in chunks
        if chunk.policies.items is not None
        for policy_id, references, begins in zip(
            chunk.policies.policy_ids, chunk.policies.items, _begins(chunk), strict=True
        )
        for reference in references
    ]
    if rows:
        tx.insert_many(_KEEP_LISTED, rows)


def keep_change(tx: Tx, endorsed: PolicyEndorsed) -> None:
    """One thing was added or removed; kept although its enrollment comes later, but not for who is to be forgotten."""
    erased_policies.wait_for(tx, endorsed.policy_id)
    tx.execute(
        _KEEP_CHANGE,
        {
            "policy_id": endorsed.policy_id,
            "version": endorsed.version,
            "reference": endorsed.item_reference,
            "counts_from": endorsed.effective_at,
            "listed": endorsed.kind == "item_added",
        },
    )


def of_policies(tx: Tx, policy_ids: Iterable[PolicyId]) -> dict[PolicyId, tuple[Listing, ...]]:
    """All that was told of what each of these policies lists, oldest version first."""
    asked = sorted(set(policy_ids))
    found: dict[PolicyId, list[Listing]] = {}
    for each in tx.all(_OF_POLICIES, (asked,), into=_Listed) if asked else ():
        found.setdefault(each.policy_id, []).append(each.listing)
    return {policy_id: tuple(listings) for policy_id, listings in found.items()}


def _begins(chunk: PoliciesEnrolled) -> Sequence[object]:
    begins = chunk.policies.effective_from
    return begins * chunk.policies.count if len(begins) == 1 else begins
