"""Which reviewers are known: whoever took or decided a case here. There is no list of staff but the issuer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerRow:
    """``senior``: whether the person's last token held the scope for last appeals and what is handed on."""

    reviewer: str
    senior: bool
    seen_at: datetime


_REVIEWER: Final = Columns(ReviewerRow)
# Once a day is enough to know that somebody is there; a scope that was given or taken away is kept at once.
_SEE: Final = f"""
INSERT INTO reviewers ({_REVIEWER.names}) VALUES ({_REVIEWER.places})
ON CONFLICT (reviewer) DO UPDATE SET senior = excluded.senior, seen_at = excluded.seen_at
WHERE reviewers.senior <> excluded.senior OR reviewers.seen_at < excluded.seen_at - interval '1 day'"""
_FIND: Final = f"SELECT {_REVIEWER} FROM reviewers WHERE reviewer = %s"


def see(tx: Tx, reviewer: ReviewerRow) -> None:
    """Keep that the person is there, and whether they are senior now."""
    tx.execute(_SEE, _REVIEWER.values(reviewer))


def find(tx: Tx, reviewer: str) -> ReviewerRow | None:
    return tx.one(_FIND, (reviewer,), into=ReviewerRow)
