"""The residents' words against refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True)
class AppealRow:
    """``reason`` is the resident's own words, sealed."""

    round: int
    reason: bytes
    filed_at: datetime


_ADD_APPEAL: Final = "INSERT INTO appeals (claim_id, round, reason, filed_at) VALUES (%s, %s, %s, %s)"

_APPEALS: Final = f"SELECT {Columns(AppealRow)} FROM appeals WHERE claim_id = %s ORDER BY round"


def add(tx: Tx, claim_id: ClaimId, claim_round: int, reason: bytes, *, now: datetime) -> None:
    tx.execute(_ADD_APPEAL, (claim_id, claim_round, reason, now))


_COUNT: Final = "SELECT count(*) FROM appeals WHERE claim_id = %s"


def count(tx: Tx, claim_id: ClaimId) -> int:
    """How often the claim was appealed."""
    return tx.the(_COUNT, (claim_id,), into=int)


def of_claim(tx: Tx, claim_id: ClaimId) -> list[AppealRow]:
    return tx.all(_APPEALS, (claim_id,), into=AppealRow)
