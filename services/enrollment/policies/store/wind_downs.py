"""The end of working with partners as it is worked off: who is to be told, and which policies move to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.transaction import Row, Tx
from shared.values.ids import EventId, PartnerId, PolicyId, ProductCode


@dataclass(frozen=True, slots=True)
class Work:
    """A wind-down that this transaction has locked, and how far it is."""

    partner_no: int
    partner_id: PartnerId
    transfer_to: tuple[int, PartnerId] | None
    state: Literal["draining", "listing"]
    waits_for: tuple[str, ...] | None
    after: tuple[str, PolicyId]
    """The reference and id of the policy that was listed last."""


# The row lock is the lease: it goes with the connection of a worker that is killed.
_TAKE_NEXT: Final = """
SELECT w.partner_no, r.partner_id, w.transfer_to, t.partner_id, w.state, w.waits_for, w.listed_reference,
       w.listed_policy
FROM wind_downs w JOIN partners r USING (partner_no) LEFT JOIN partners t ON t.partner_no = w.transfer_to
WHERE w.state <> 'done' ORDER BY w.started_at, w.partner_no OFFSET %s LIMIT 1 FOR UPDATE OF w SKIP LOCKED
"""


def take_next(tx: Tx, *, passed_over: int = 0) -> Work | None:
    """Lock the oldest wind-down that nobody works on, after so many; None where there is none."""
    row = tx.one(_TAKE_NEXT, (passed_over,))
    if row is None:
        return None
    target = None if row[2] is None else (row[2], PartnerId(row[3]))
    waits_for = None if row[5] is None else tuple(row[5])
    return Work(row[0], PartnerId(row[1]), target, row[4], waits_for, (row[6], PolicyId(row[7])))


# Each running transaction holds the lock on its own virtual id until it ends; an id is not used again while the server
# runs. So what runs now is known, and later that none of it runs any more. Everybody may look; CREATE INDEX
# CONCURRENTLY waits by the same.
_RUNNING: Final = """
SELECT l.virtualxid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database() AND l.pid <> pg_backend_pid()
"""
_WAIT_FOR: Final = "UPDATE wind_downs SET waits_for = %s WHERE partner_no = %s AND state = 'draining'"
_OPEN_BATCH: Final = """
SELECT 1 FROM batches WHERE partner_no = %s AND state IN ('received', 'processing') LIMIT 1
"""


def running_transactions(tx: Tx) -> set[str]:
    """Those of this database that run now, other than this one."""
    return {row[0] for row in tx.all(_RUNNING)}


def wait_for(tx: Tx, partner_no: int, transactions: Iterable[str]) -> None:
    """Note which transactions may have read the contract as it was before."""
    tx.execute(_WAIT_FOR, (sorted(transactions), partner_no))


def has_open_batch(tx: Tx, partner_no: int) -> bool:
    """Whether rows of a file that was taken in are still to be enrolled."""
    return tx.one(_OPEN_BATCH, (partner_no,)) is not None


# By chunks, of which there is one for a thousand policies of a file. Those of policies that came from another partner
# are that one's. Of each product the first policy that runs is enough.
_RUNNING_PRODUCTS: Final = """
WITH RECURSIVE sellers AS (
    SELECT %(partner_no)s AS partner_no
    UNION SELECT w.partner_no FROM sellers s JOIN wind_downs w ON w.transfer_to = s.partner_no
)
SELECT d.product_code FROM products d
WHERE EXISTS (
    SELECT FROM sellers s JOIN policy_chunks k USING (partner_no) JOIN policies p USING (chunk_id)
    WHERE k.product_id = d.product_id AND k.ends_next < 'infinity'
      AND p.partner_no = %(partner_no)s AND p.state IN ('in_force', 'upcoming')
) OR EXISTS (
    SELECT FROM batches b WHERE b.partner_no = %(partner_no)s AND b.product_id = d.product_id
      AND b.state IN ('received', 'processing') AND b.kind <> 'removal' AND NOT b.dry_run
)
"""


def running_products(tx: Tx, partner_no: int) -> frozenset[ProductCode]:
    """What the partner's running policies are of, and the rows of its files that are still to be enrolled."""
    return frozenset(ProductCode(row[0]) for row in tx.all(_RUNNING_PRODUCTS, {"partner_no": partner_no}))


_BEGIN_LISTING: Final = """
UPDATE wind_downs SET state = 'listing', waits_for = NULL WHERE partner_no = %s AND state = 'draining'
"""


def begin_listing(tx: Tx, partner_no: int) -> None:
    tx.execute(_BEGIN_LISTING, (partner_no,))


_NEXT_POLICIES: Final = """
SELECT policy_id, partner_reference, version FROM policies
WHERE partner_no = %s AND state IN ('in_force', 'upcoming') AND (partner_reference, policy_id) > (%s, %s::uuid)
ORDER BY partner_reference, policy_id LIMIT %s FOR UPDATE
"""


def next_policies(tx: Tx, work: Work, limit: int) -> list[tuple[PolicyId, str, int]]:
    """Lock the next running policies; id, partner's reference and version of each."""
    return [(PolicyId(row[0]), row[1], row[2]) for row in tx.all(_NEXT_POLICIES, (work.partner_no, *work.after, limit))]


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
    tx: Tx, work: Work, policies: Sequence[tuple[PolicyId, int]], *, to: int, event_id: EventId, now: datetime
) -> None:
    """Give policies that ``next_policies`` locked, with their new versions, to another partner."""
    tx.execute(_MOVE, (to, [policy_id for policy_id, _version in policies], work.partner_no))
    rows = [(policy_id, work.partner_no, to, version, now, event_id) for policy_id, version in policies]
    tx.insert_many(_NOTE_TRANSFERS, rows)


_FURTHER: Final = """
UPDATE wind_downs SET listed_reference = %s, listed_policy = %s, listed = listed + %s, transferred = transferred + %s
WHERE partner_no = %s AND state = 'listing'
"""
# Where the list is at its end, the reference that stood last is of no use, and an erasure would not find it here.
_DONE: Final = """
UPDATE wind_downs SET state = 'done', finished_at = %s, listed_reference = ''
WHERE partner_no = %s AND state = 'listing'
"""


def further(tx: Tx, work: Work, last: tuple[str, PolicyId], *, listed: int, transferred: int) -> None:
    tx.execute(_FURTHER, (*last, listed, transferred, work.partner_no))


def done(tx: Tx, work: Work, now: datetime) -> None:
    tx.execute(_DONE, (now, work.partner_no))


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
SELECT n.policy_id, p.partner_reference, p.consent_channel, r.partner_id, n.notified_at, n.notified_channel
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
    return [_notice(row) for row in tx.all(_PAGE, parameters)]


_NOTIFIED: Final = """
UPDATE notices SET notified_at = %s, notified_by = %s, notified_channel = %s
WHERE partner_no = %s AND policy_id = ANY(%s::uuid[]) AND notified_at IS NULL
"""


def mark_notified(tx: Tx, partner_no: int, policies: Sequence[PolicyId], *, channel: str, by: str, at: datetime) -> int:
    """How many were waiting until now; who was told before stays told as they were."""
    return tx.execute(_NOTIFIED, (at, by, channel, partner_no, list(policies)))


def _notice(row: Row) -> Notice:
    return Notice(PolicyId(row[0]), row[1], row[2], PartnerId(row[3]), row[4], row[5])
