"""The payout of a claim as the payout service last told it; the newest version wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.events.payouts import PayoutChanged
from shared.values.ids import ClaimId
from shared.values.money import Fen

_KEEP: Final = """
INSERT INTO claim_payouts (claim_id, payout_id, version, decision_id, state, amount_fen, reason, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (claim_id) DO UPDATE
SET payout_id = excluded.payout_id, version = excluded.version, decision_id = excluded.decision_id,
    state = excluded.state, amount_fen = excluded.amount_fen, reason = excluded.reason,
    changed_at = excluded.changed_at
WHERE claim_payouts.version < excluded.version"""

_OF_CLAIMS: Final = """
SELECT claim_id, payout_id, state, amount_fen, reason, changed_at FROM claim_payouts
WHERE claim_id = ANY(%s::uuid[])"""


@dataclass(frozen=True, slots=True)
class PayoutRow:
    claim_id: ClaimId
    payout_id: str
    state: str
    amount_fen: Fen
    reason: str | None
    changed_at: datetime


def keep(tx: Tx, payout: PayoutChanged) -> None:
    tx.execute(
        _KEEP,
        (
            payout.claim_id,
            payout.payout_id,
            payout.version,
            payout.decision_id,
            payout.state,
            payout.amount_fen,
            payout.reason,
            payout.changed_at,
        ),
    )


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, PayoutRow]:
    return {row[0]: PayoutRow(*row) for row in tx.all(_OF_CLAIMS, (list(claim_ids),))}
