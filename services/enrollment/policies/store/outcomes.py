"""What became of policies' claims and payouts, as announced by the other services; the newest version wins."""

from __future__ import annotations

from typing import Final

from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.payouts import PayoutChanged

_CLAIM: Final = """
INSERT INTO claim_outcomes AS known (claim_id, policy_id, version, outcome, amount_fen, decided_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (claim_id) DO UPDATE SET version = excluded.version, outcome = excluded.outcome,
    amount_fen = excluded.amount_fen, decided_at = excluded.decided_at
WHERE known.version < excluded.version
"""


def note_claim(tx: Tx, decided: ClaimDecided) -> bool:
    """Keep a decision; False where a newer one of the claim is known."""
    facts = (
        decided.claim_id,
        decided.policy_id,
        decided.version,
        decided.outcome,
        decided.amount_fen,
        decided.decided_at,
    )
    return tx.execute(_CLAIM, facts) == 1


_PAYOUT: Final = """
INSERT INTO payout_states AS known (payout_id, policy_id, claim_id, version, state, amount_fen, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (payout_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    amount_fen = excluded.amount_fen, changed_at = excluded.changed_at
WHERE known.version < excluded.version
"""


def note_payout(tx: Tx, changed: PayoutChanged) -> bool:
    """Keep a payout's state; False where a newer one is known."""
    facts = (
        changed.payout_id,
        changed.policy_id,
        changed.claim_id,
        changed.version,
        changed.state,
        changed.amount_fen,
        changed.changed_at,
    )
    return tx.execute(_PAYOUT, facts) == 1
