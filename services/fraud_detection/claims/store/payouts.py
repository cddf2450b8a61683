"""The payout of a claim as the payout service last told it; the newest version wins."""

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
ON CONFLICT (claim_id) DO UPDATE SET ({_ROW.names}) = ROW ({_ROW.of("excluded")})
WHERE claim_payouts.version < excluded.version"""
_OF_CLAIMS: Final = f"SELECT {_ROW} FROM claim_payouts WHERE claim_id = ANY(%s::uuid[])"


def keep(tx: Tx, payout: PayoutChanged) -> None:
    tx.execute(_KEEP, _ROW.values(payout))


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, PayoutRow]:
    return {row.claim_id: row for row in tx.all(_OF_CLAIMS, (list(claim_ids),), into=PayoutRow)}
