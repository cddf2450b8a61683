"""The payouts of claims as the payout service last told them: of each the newest version, of a claim the newest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.events.payouts import PayoutChanged
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class PayoutRow:
    claim_id: ClaimId
    payout_id: str
    version: int
    decision_id: DecisionId
    state: str
    amount_fen: Fen
    reason: str | None
    changed_at: datetime


_ROW: Final = Columns(PayoutRow)
_KEEP: Final = f"""
INSERT INTO claim_payouts ({_ROW.names}) VALUES ({_ROW.places})
ON CONFLICT (payout_id) DO UPDATE SET ({_ROW.names}) = ROW ({_ROW.of("excluded")})
WHERE claim_payouts.version < excluded.version"""
# Ids grow with time.
_OF_CLAIMS: Final = f"""
SELECT DISTINCT ON (claim_id) {_ROW} FROM claim_payouts WHERE claim_id = ANY(%s::uuid[])
ORDER BY claim_id, payout_id DESC"""

_OF_CLAIM: Final = f"SELECT {_ROW} FROM claim_payouts WHERE claim_id = %s ORDER BY payout_id"


def keep(tx: Tx, payout: PayoutChanged) -> bool:
    """False if this or a newer version of it is known."""
    return tx.execute(_KEEP, _ROW.values(payout)) == 1


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, PayoutRow]:
    """The newest one of each claim that has any."""
    if not claim_ids:
        return {}
    return {row.claim_id: row for row in tx.all(_OF_CLAIMS, (list(claim_ids),), into=PayoutRow)}


def of_claim(tx: Tx, claim_id: ClaimId) -> Sequence[PayoutRow]:
    """All of one claim, the oldest first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=PayoutRow)
