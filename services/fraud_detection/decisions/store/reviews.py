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

_COUNT: Final = "SELECT count(*) FROM reviews WHERE closed_at IS NULL"


def open_reviews(tx: Tx, opened: Sequence[ReviewRow]) -> None:
    tx.insert_many(_OPEN, [tuple(_REVIEW.values(review).values()) for review in opened])


def close(tx: Tx, claim_id: ClaimId, *, now: datetime) -> None:
    tx.execute(_CLOSE, (now, claim_id))


def open_of(tx: Tx, claim_id: ClaimId) -> ReviewRow | None:
    return tx.one(_OPEN_OF_CLAIM, (claim_id,), into=ReviewRow)


def waiting(tx: Tx) -> int:
    return tx.the(_COUNT, into=int)
