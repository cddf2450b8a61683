"""Who holds which case, until when. Of two that take a case at one moment, one gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    claim_id: ClaimId
    held_by: str
    expires_at: datetime


_LEASE: Final = Columns(LeaseRow)
# The second of two waits for the first one's row, and then finds it held by another.
_TAKE: Final = f"""
INSERT INTO review_leases ({_LEASE.names}) VALUES ({_LEASE.places})
ON CONFLICT (claim_id) DO UPDATE SET held_by = excluded.held_by, expires_at = excluded.expires_at
WHERE review_leases.held_by = excluded.held_by OR review_leases.expires_at <= %(now)s"""

_RENEW: Final = """
UPDATE review_leases SET expires_at = %(expires_at)s
WHERE claim_id = %(claim_id)s AND held_by = %(held_by)s AND expires_at < %(expires_at)s"""

_GIVE_BACK: Final = "DELETE FROM review_leases WHERE claim_id = %s"

_HELD: Final = f"SELECT {_LEASE} FROM review_leases WHERE claim_id = ANY(%s::uuid[]) AND expires_at > %s"


def take(tx: Tx, lease: LeaseRow, *, now: datetime) -> bool:
    """False if another person holds the case at ``now``."""
    return tx.execute(_TAKE, {**_LEASE.values(lease), "now": now}) == 1


def renew(tx: Tx, lease: LeaseRow) -> None:
    """Prolong what the person holds, if it does."""
    tx.execute(_RENEW, _LEASE.values(lease))


def give_back(tx: Tx, claim_id: ClaimId) -> None:
    tx.execute(_GIVE_BACK, (claim_id,))


def held(tx: Tx, claim_ids: Sequence[ClaimId], *, now: datetime) -> dict[ClaimId, LeaseRow]:
    """Which of these cases are held at ``now``, and by whom."""
    return {row.claim_id: row for row in tx.all(_HELD, (list(claim_ids), now), into=LeaseRow)}
