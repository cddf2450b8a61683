"""Refusals that a person previewed and confirmed many at a time, and which cases a preview shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.fraud_detection.reviews.domain.bulk import CertainRule, Confirmed, Pinned
from services.fraud_detection.reviews.store import care
from services.fraud_detection.reviews.store.care import FLAGGED
from services.fraud_detection.reviews.store.passes import of_this_pass
from shared.db.columns import Columns
from shared.db.transaction import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """One preview; ``confirmed`` is None until a person confirmed it."""

    bulk_id: str
    rule: CertainRule
    digest: str
    cases: tuple[Pinned, ...]
    previewed_by: str
    previewed_at: datetime
    confirmed_at: datetime | None
    confirmed: tuple[Confirmed, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which cases a preview is of: those that ``reviewer`` may decide at ``now``.

    ``failing`` is the rule as the decisions' rows have it, in JSON.
    """

    failing: str
    liability: str | None
    reviewer: str
    now: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """``matching``: how many there are, with those beyond the limit."""

    pinned: Pinned
    matching: int


_ASKED: Final = Columns(Asked)
# Of appeals, and of claims that a person was asked to decide, the machine proposes nothing. Where care is to be taken,
# each case is looked at.
_FIND: Final = f"""
SELECT {Columns(Found, pinned={}, matching="count(*) OVER ()")}
FROM reviews JOIN claims USING (claim_id)
WHERE closed_at IS NULL AND kind = 'refusal_proposed'
  AND NOT {FLAGGED}
  AND (%(liability)s::text IS NULL OR liability = %(liability)s)
  AND (SELECT failures FROM decisions WHERE decisions.claim_id = reviews.claim_id AND NOT by_person
       ORDER BY decisions.version DESC LIMIT 1) @> %(failing)s::jsonb
  AND NOT EXISTS (SELECT FROM review_leases WHERE review_leases.claim_id = reviews.claim_id
                  AND held_by <> %(reviewer)s AND expires_at > %(now)s)
  AND NOT EXISTS (SELECT FROM review_assignments WHERE {of_this_pass("review_assignments")}
                  AND assigned_to <> %(reviewer)s
                  AND expires_at > %(now)s)
  AND NOT EXISTS (SELECT FROM review_escalations WHERE {of_this_pass("review_escalations")})
  AND NOT EXISTS (SELECT FROM undoable_decisions WHERE undoable_decisions.claim_id = reviews.claim_id)
  AND NOT EXISTS (SELECT FROM decisions WHERE decisions.claim_id = reviews.claim_id
                  AND by_person AND decided_by = %(reviewer)s AND outcome IN ('approved', 'refused'))
ORDER BY waiting_since, claim_id LIMIT %(limit)s"""

_BULK: Final = Columns(BulkRow)
_ADD: Final = f"INSERT INTO bulk_refusals ({_BULK.names}) VALUES ({_BULK.places})"
_LOCK: Final = f"SELECT {_BULK} FROM bulk_refusals WHERE bulk_id = %s AND previewed_by = %s FOR UPDATE"
_CONFIRM: Final = """
UPDATE bulk_refusals SET confirmed_at = %(confirmed_at)s, confirmed = %(confirmed)s
WHERE bulk_id = %(bulk_id)s AND confirmed_at IS NULL"""


def find(tx: Tx, asked: Asked) -> list[Found]:
    """The longest waiting first."""
    return tx.all(_FIND, {**_ASKED.values(asked), **care.parameters(asked.now)}, into=Found)


def add(tx: Tx, bulk: BulkRow) -> None:
    tx.execute(_ADD, _BULK.values(bulk))


def lock(tx: Tx, bulk_id: str, previewed_by: str) -> BulkRow | None:
    """This person's preview, and nobody else confirms it before this transaction ends."""
    return tx.one(_LOCK, (bulk_id, previewed_by), into=BulkRow)


def confirm(tx: Tx, bulk: BulkRow, confirmed: tuple[Confirmed, ...], *, now: datetime) -> None:
    """Keep what became of each case of a locked preview."""
    done = _BULK.values(replace(bulk, confirmed_at=now, confirmed=confirmed))
    tx.execute(_CONFIRM, done)
