"""Decisions that were heard of, and what each led to."""

from __future__ import annotations

from typing import Final

from services.payout.domain.payouts import Decision
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

_LOCK_CLAIM: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"
_INSERT: Final = """
INSERT INTO decisions
    (decision_id, claim_id, version, outcome, amount_fen, currency, cover_limit_fen, decided_at, effect)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (decision_id) DO NOTHING"""
_NEWEST: Final = "SELECT version, outcome FROM decisions WHERE claim_id = %s ORDER BY version DESC LIMIT 1"
_KNOWN: Final = "SELECT 1 FROM decisions WHERE decision_id = %s"


def lock_claim(tx: Tx, claim_id: ClaimId) -> None:
    """Decisions on one claim are taken one after the other, also when there is no row of it yet."""
    tx.execute(_LOCK_CLAIM, (claim_id,))


def known(tx: Tx, decision: Decision) -> bool:
    return tx.one(_KNOWN, (decision.decision_id,)) is not None


def insert(tx: Tx, decision: Decision, effect: str) -> None:
    values = (
        decision.decision_id,
        decision.claim_id,
        decision.version,
        decision.outcome,
        decision.amount_fen,
        decision.currency,
        decision.cover_limit_fen,
        decision.decided_at,
        effect,
    )
    tx.execute(_INSERT, values)


def newest(tx: Tx, claim_id: ClaimId) -> tuple[int, str] | None:
    """Version and outcome of the newest decision on a claim."""
    row = tx.one(_NEWEST, (claim_id,))
    return None if row is None else (row[0], row[1])
