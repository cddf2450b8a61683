"""What was amended of claims: a row each, with the values of before. Rows are only added; of an erased person what is
sealed is overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentRow:
    """One amendment. ``version`` is the claim's by which its facts are as amended; ``fields`` are what was amended.

    ``before`` is a JSON object of what these fields were, sealed, and empty once the person was erased.
    """

    claim_id: ClaimId
    version: int
    fields: tuple[str, ...]
    amount_before_fen: Fen
    amount_after_fen: Fen
    before: bytes
    amended_at: datetime
    amended_by: str


_ROW: Final = Columns(AmendmentRow)
_ADD: Final = f"INSERT INTO claim_amendments ({_ROW.names}) VALUES ({_ROW.places})"
_OF_CLAIM: Final = f"SELECT {_ROW} FROM claim_amendments WHERE claim_id = %s ORDER BY version"


def add(tx: Tx, amendment: AmendmentRow) -> None:
    tx.execute(_ADD, _ROW.values(amendment))


def of_claim(tx: Tx, claim_id: ClaimId) -> list[AmendmentRow]:
    """The first one first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=AmendmentRow)
