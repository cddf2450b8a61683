"""What became of policies' claims and payouts, as announced by the other services; the newest version wins."""

from __future__ import annotations

from typing import Final

from shared.db.columns import places
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.payouts import PayoutChanged

_OF_CLAIM: Final = ("claim_id", "policy_id", "version", "outcome", "amount_fen", "decided_at")
_CLAIM: Final = f"""
INSERT INTO claim_outcomes AS known ({", ".join(_OF_CLAIM)}) VALUES ({places(_OF_CLAIM)})
ON CONFLICT (claim_id) DO UPDATE SET version = excluded.version, outcome = excluded.outcome,
    amount_fen = excluded.amount_fen, decided_at = excluded.decided_at
WHERE known.version < excluded.version
"""


def note_claim(tx: Tx, decided: ClaimDecided) -> bool:
    """Keep a decision; False where a newer one of the claim is known."""
    return tx.execute(_CLAIM, {name: getattr(decided, name) for name in _OF_CLAIM}) == 1


_OF_PAYOUT: Final = ("payout_id", "policy_id", "claim_id", "version", "state", "amount_fen", "changed_at")
_PAYOUT: Final = f"""
INSERT INTO payout_states AS known ({", ".join(_OF_PAYOUT)}) VALUES ({places(_OF_PAYOUT)})
ON CONFLICT (payout_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    amount_fen = excluded.amount_fen, changed_at = excluded.changed_at
WHERE known.version < excluded.version
"""


def note_payout(tx: Tx, changed: PayoutChanged) -> bool:
    """Keep a payout's state; False where a newer one is known."""
    return tx.execute(_PAYOUT, {name: getattr(changed, name) for name in _OF_PAYOUT}) == 1
