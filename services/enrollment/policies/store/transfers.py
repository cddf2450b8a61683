"""Where policies go when working with their partner ends: who is to be told, and which move to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.partners.store.wind_downs import OpenWindDown
from shared.db.transaction import Tx
from shared.values.ids import EventId, PartnerId, PolicyId

_NEXT_POLICIES: Final = """
SELECT policy_id, partner_reference, version FROM policies
WHERE partner_no = %s AND state IN ('in_force', 'upcoming') AND (partner_reference, policy_id) > (%s, %s::uuid)
ORDER BY partner_reference, policy_id LIMIT %s FOR UPDATE
"""


def next_policies(tx: Tx, ending: OpenWindDown, limit: int) -> list[tuple[PolicyId, str, int]]:
    """Lock the next running policies; id, partner's reference and version of each."""
    return tx.all(_NEXT_POLICIES, (ending.partner_no, *ending.after, limit), into=tuple[PolicyId, str, int])


# A policy whose reference was overwritten meanwhile may be met a second time.
_ADD_NOTICES: Final = "INSERT INTO notices (partner_no, policy_id) VALUES %s ON CONFLICT DO NOTHING"
_MOVE: Final = """
UPDATE policies SET partner_no = %s, version = version + 1
WHERE policy_id = ANY(%s::uuid[]) AND partner_no = %s AND state IN ('in_force', 'upcoming')
"""
_NOTE_TRANSFERS: Final = """
INSERT INTO policy_transfers (policy_id, from_partner_no, to_partner_no, version, transferred_at, event_id) VALUES %s
"""


def add_notices(tx: Tx, partner_no: int, policies: Sequence[PolicyId]) -> None:
    tx.insert_many(_ADD_NOTICES, [(partner_no, policy_id) for policy_id in policies])


def move(
    tx: Tx, ending: OpenWindDown, policies: Sequence[tuple[PolicyId, int]], *, to: int, event_id: EventId, now: datetime
) -> None:
    """Give policies that ``next_policies`` locked, with their new versions, to another partner."""
    tx.execute(_MOVE, (to, [policy_id for policy_id, _version in policies], ending.partner_no))
    rows = [(policy_id, ending.partner_no, to, version, now, event_id) for policy_id, version in policies]
    tx.insert_many(_NOTE_TRANSFERS, rows)


@dataclass(frozen=True, slots=True)
class Notice:
    """One insured who is to be told, known to the partner by its own reference."""

    policy_id: PolicyId
    partner_reference: str
    channel: str
    """Through which the person agreed, and so can be reached."""
    now_with: PartnerId
    """The partner whose the policy is now."""
    notified_at: datetime | None
    notified_channel: str | None


_PAGE: Final = """
SELECT n.policy_id, p.partner_reference, p.consent_channel AS channel, r.partner_id AS now_with, n.notified_at,
       n.notified_channel
FROM notices n JOIN policies p USING (policy_id) JOIN partners r ON r.partner_no = p.partner_no
WHERE n.partner_no = %(partner_no)s AND n.policy_id > %(after)s::uuid
  AND (NOT %(waiting)s OR (n.notified_at IS NULL AND p.state IN ('in_force', 'upcoming')))
ORDER BY n.policy_id LIMIT %(limit)s
"""


def notices(tx: Tx, partner_no: int, *, after: PolicyId | None, waiting: bool, limit: int) -> list[Notice]:
    """By policy, beginning after ``after``; ``waiting``: only those who are covered and whom nobody has told yet."""
    parameters: dict[str, object] = {
        "partner_no": partner_no,
        "after": after or "00000000-0000-0000-0000-000000000000",
        "waiting": waiting,
        "limit": limit,
    }
    return tx.all(_PAGE, parameters, into=Notice)


_NOTIFIED: Final = """
UPDATE notices SET notified_at = %s, notified_by = %s, notified_channel = %s
WHERE partner_no = %s AND policy_id = ANY(%s::uuid[]) AND notified_at IS NULL
"""


def mark_notified(tx: Tx, partner_no: int, policies: Sequence[PolicyId], *, channel: str, by: str, at: datetime) -> int:
    """How many were waiting until now; who was told before stays told as they were."""
    return tx.execute(_NOTIFIED, (at, by, channel, partner_no, list(policies)))
