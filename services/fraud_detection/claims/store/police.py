"""The police's papers on claims. What is corrected stands in the claim's amendments as it was; of an erased person the
sealed words are overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.fraud_detection.claims.domain.police import PaperKind
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.scam_types import ScamType


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One paper. ``number``, ``unit`` and ``officer`` are sealed, and empty once the person was erased."""

    claim_id: ClaimId
    line: int
    kind: PaperKind
    number: bytes
    unit: bytes
    officer: bytes | None
    issued_on: date
    scam_type: ScamType | None
    added_at: datetime


_PAPER: Final = Columns(PaperRow)
_ADD: Final = f"INSERT INTO police_papers ({_PAPER.names}) VALUES %s"
_OF_CLAIM: Final = f"SELECT {_PAPER} FROM police_papers WHERE claim_id = %s ORDER BY line"


def add(tx: Tx, papers: Sequence[PaperRow]) -> None:
    if papers:
        tx.insert_many(_ADD, [tuple(_PAPER.values(each).values()) for each in papers])


_CORRECT: Final = """
UPDATE police_papers SET kind = %(kind)s, number = %(number)s, unit = %(unit)s, officer = %(officer)s,
    issued_on = %(issued_on)s, scam_type = %(scam_type)s
WHERE claim_id = %(claim_id)s AND line = %(line)s"""


def correct(tx: Tx, papers: Sequence[PaperRow]) -> None:
    """Put each in place of the one in its line; when that came stays."""
    for each in papers:
        tx.execute(_CORRECT, _PAPER.values(each))


_KINDS: Final = """
SELECT claim_id, array_agg(DISTINCT kind) FROM police_papers WHERE claim_id = ANY(%s::uuid[]) GROUP BY claim_id"""


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, frozenset[PaperKind]]:
    """Which papers each of these claims has; one without any is left out."""
    return {claim_id: frozenset(found) for claim_id, found in tx.all(_KINDS, (list(claim_ids),))}


def of_claim(tx: Tx, claim_id: ClaimId) -> list[PaperRow]:
    """In the order in which they came."""
    return tx.all(_OF_CLAIM, (claim_id,), into=PaperRow)
