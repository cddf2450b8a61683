"""What came back of a loss after its claim was filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.money import Fen

RecoveryKind = Literal["police", "bank", "payee", "other_insurance", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """``insurers_fen`` is the insurer's, for it had paid by then."""

    recovery_id: str
    claim_id: ClaimId
    kind: RecoveryKind
    amount_fen: Fen
    insurers_fen: Fen
    came_at: datetime
    told_at: datetime
    told_by: str


_RECOVERY: Final = Columns(Recovery)
_ADD: Final = f"INSERT INTO recoveries ({_RECOVERY.names}) VALUES ({_RECOVERY.places})"
_OF_CLAIM: Final = f"SELECT {_RECOVERY} FROM recoveries WHERE claim_id = %s ORDER BY told_at, recovery_id"


def add(tx: Tx, recovery: Recovery) -> None:
    tx.execute(_ADD, _RECOVERY.values(recovery))


_GIVE: Final = "UPDATE recoveries SET insurers_fen = %s WHERE recovery_id = %s"


def give_insurer(tx: Tx, recovery_id: str, insurers_fen: Fen) -> None:
    """Note how much of it is the insurer's, now that it has paid."""
    tx.execute(_GIVE, (insurers_fen, recovery_id))


def of_claim(tx: Tx, claim_id: ClaimId) -> Sequence[Recovery]:
    """The first told first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=Recovery)
