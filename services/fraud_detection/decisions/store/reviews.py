"""What waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

ReviewKind = Literal["review", "refusal_proposed", "appeal"]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    claim_id: ClaimId
    round: int
    kind: ReviewKind
    waiting_since: datetime


_REVIEW: Final = Columns(ReviewRow)
_OPEN: Final = f"INSERT INTO reviews ({_REVIEW.names}) VALUES %s"

_CLOSE: Final = "UPDATE reviews SET closed_at = %s WHERE claim_id = %s AND closed_at IS NULL"

_OPEN_OF_CLAIM: Final = f"SELECT {_REVIEW} FROM reviews WHERE claim_id = %s AND closed_at IS NULL"

_LIST: Final = f"""
SELECT {_REVIEW} FROM reviews
WHERE (closed_at IS NULL) = %(open)s
  AND (%(since)s::timestamptz IS NULL OR (waiting_since, claim_id) > (%(since)s::timestamptz, %(claim_id)s::uuid))
ORDER BY waiting_since, claim_id LIMIT %(limit)s"""

_COUNT: Final = "SELECT count(*) FROM reviews WHERE closed_at IS NULL"


def open_reviews(tx: Tx, opened: Sequence[ReviewRow]) -> None:
    tx.insert_many(_OPEN, [tuple(_REVIEW.values(review).values()) for review in opened])


def close(tx: Tx, claim_id: ClaimId, *, now: datetime) -> None:
    tx.execute(_CLOSE, (now, claim_id))


def open_of(tx: Tx, claim_id: ClaimId) -> ReviewRow | None:
    return tx.one(_OPEN_OF_CLAIM, (claim_id,), into=ReviewRow)


def queue(tx: Tx, *, still_open: bool, after: tuple[datetime, str] | None, limit: int) -> list[ReviewRow]:
    """The queue, longest waiting first."""
    since, claim_id = after or (None, None)
    values: dict[str, object] = {"open": still_open, "since": since, "claim_id": claim_id, "limit": limit}
    return tx.all(_LIST, values, into=ReviewRow)


def waiting(tx: Tx) -> int:
    return tx.the(_COUNT, into=int)
