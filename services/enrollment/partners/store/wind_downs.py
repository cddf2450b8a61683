"""How far the end of working with each partner is. Who is told of it and what moves stands in policies' store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.transaction import Tx
from shared.values.ids import PartnerId, PolicyId, ProductCode

_BEGIN_WIND_DOWN: Final = """
INSERT INTO wind_downs (partner_no, transfer_to, started_at, started_by)
SELECT p.partner_no, (SELECT t.partner_no FROM partners t WHERE t.partner_id = %s), %s, %s
FROM partners p WHERE p.partner_id = %s
ON CONFLICT (partner_no) DO NOTHING
"""


def begin(tx: Tx, partner_id: PartnerId, *, transfer_to: PartnerId | None, by: str, now: datetime) -> None:
    """Have the job list this partner's policies, and move them where they are to go."""
    tx.execute(_BEGIN_WIND_DOWN, (transfer_to, now, by, partner_id))


_TAKES_OVER_FROM: Final = """
SELECT r.partner_id FROM wind_downs w JOIN partners r USING (partner_no)
JOIN partners t ON t.partner_no = w.transfer_to
WHERE t.partner_id = %s AND w.state <> 'done' LIMIT 1
"""


def takes_over_from(tx: Tx, partner_id: PartnerId) -> PartnerId | None:
    """A partner whose policies are still on their way to this one."""
    return tx.one(_TAKES_OVER_FROM, (partner_id,), into=PartnerId)


@dataclass(frozen=True, slots=True)
class OpenWindDown:
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
SELECT w.partner_no, r.partner_id, w.state, w.waits_for,
       CASE WHEN t.partner_no IS NOT NULL THEN jsonb_build_array(t.partner_no, t.partner_id) END AS transfer_to,
       jsonb_build_array(w.listed_reference, w.listed_policy) AS after
FROM wind_downs w JOIN partners r USING (partner_no) LEFT JOIN partners t ON t.partner_no = w.transfer_to
WHERE w.state <> 'done' ORDER BY w.started_at, w.partner_no OFFSET %s LIMIT 1 FOR UPDATE OF w SKIP LOCKED
"""


def take_next(tx: Tx, *, passed_over: int = 0) -> OpenWindDown | None:
    """Lock the oldest wind-down that nobody works on, after so many; None where there is none."""
    return tx.one(_TAKE_NEXT, (passed_over,), into=OpenWindDown)


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
    return set(tx.all(_RUNNING, into=str))


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
    return frozenset(tx.all(_RUNNING_PRODUCTS, {"partner_no": partner_no}, into=ProductCode))


_BEGIN_LISTING: Final = """
UPDATE wind_downs SET state = 'listing', waits_for = NULL WHERE partner_no = %s AND state = 'draining'
"""


def begin_listing(tx: Tx, partner_no: int) -> None:
    tx.execute(_BEGIN_LISTING, (partner_no,))


_FURTHER: Final = """
UPDATE wind_downs SET listed_reference = %s, listed_policy = %s, listed = listed + %s, transferred = transferred + %s
WHERE partner_no = %s AND state = 'listing'
"""
# Where the list is at its end, the reference that stood last is of no use, and an erasure would not find it here.
_DONE: Final = """
UPDATE wind_downs SET state = 'done', finished_at = %s, listed_reference = ''
WHERE partner_no = %s AND state = 'listing'
"""


def further(tx: Tx, work: OpenWindDown, last: tuple[str, PolicyId], *, listed: int, transferred: int) -> None:
    tx.execute(_FURTHER, (*last, listed, transferred, work.partner_no))


def done(tx: Tx, work: OpenWindDown, now: datetime) -> None:
    tx.execute(_DONE, (now, work.partner_no))
