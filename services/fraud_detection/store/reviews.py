"""What waits for a person, and the appeals that came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.transaction import Tx
from shared.values.ids import ClaimId

ReviewKind = Literal["review", "refusal_proposed", "appeal"]

_OPEN: Final = "INSERT INTO reviews (claim_id, round, kind, waiting_since) VALUES (%s, %s, %s, %s)"

_CLOSE: Final = "UPDATE reviews SET closed_at = %s WHERE claim_id = %s AND closed_at IS NULL"

_OPEN_OF_CLAIM: Final = """
SELECT claim_id, round, kind, waiting_since FROM reviews WHERE claim_id = %s AND closed_at IS NULL"""

_LIST: Final = """
SELECT claim_id, round, kind, waiting_since FROM reviews
WHERE (closed_at IS NULL) = %(open)s
  AND (%(since)s::timestamptz IS NULL OR (waiting_since, claim_id) > (%(since)s::timestamptz, %(claim_id)s::uuid))
ORDER BY waiting_since, claim_id LIMIT %(limit)s"""

_COUNT: Final = "SELECT count(*) FROM reviews WHERE closed_at IS NULL"

_ADD_APPEAL: Final = "INSERT INTO appeals (claim_id, round, reason, filed_at) VALUES (%s, %s, %s, %s)"

_APPEALS: Final = "SELECT round, reason, filed_at FROM appeals WHERE claim_id = %s ORDER BY round"


@dataclass(frozen=True, slots=True)
class ReviewRow:
    claim_id: ClaimId
    round: int
    kind: ReviewKind
    waiting_since: datetime


@dataclass(frozen=True, slots=True)
class AppealRow:
    """``reason`` is the resident's own words, sealed."""

    round: int
    reason: bytes
    filed_at: datetime


def open_review(tx: Tx, review: ReviewRow) -> None:
    tx.execute(_OPEN, (review.claim_id, review.round, review.kind, review.waiting_since))


def close(tx: Tx, claim_id: ClaimId, *, now: datetime) -> None:
    tx.execute(_CLOSE, (now, claim_id))


def open_of(tx: Tx, claim_id: ClaimId) -> ReviewRow | None:
    row = tx.one(_OPEN_OF_CLAIM, (claim_id,))
    return ReviewRow(*row) if row else None


def queue(tx: Tx, *, still_open: bool, after: tuple[datetime, str] | None, limit: int) -> list[ReviewRow]:
    """The queue, longest waiting first."""
    since, claim_id = after or (None, None)
    values: dict[str, object] = {"open": still_open, "since": since, "claim_id": claim_id, "limit": limit}
    return [ReviewRow(*row) for row in tx.all(_LIST, values)]


def waiting(tx: Tx) -> int:
    row = tx.one(_COUNT)
    return int(row[0]) if row else 0


def add_appeal(tx: Tx, claim_id: ClaimId, claim_round: int, reason: bytes, *, now: datetime) -> None:
    tx.execute(_ADD_APPEAL, (claim_id, claim_round, reason, now))


def appeals(tx: Tx, claim_id: ClaimId) -> list[AppealRow]:
    return [AppealRow(*row) for row in tx.all(_APPEALS, (claim_id,))]
