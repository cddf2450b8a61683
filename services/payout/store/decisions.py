"""Decisions that were heard of, and what each led to."""

from __future__ import annotations

from typing import Final

from services.payout.domain.payouts import Decision
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

_LOCK_CLAIM: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"
_DECISION: Final = Columns(Decision)
_INSERT: Final = f"""
INSERT INTO decisions ({_DECISION.names}, effect) VALUES ({_DECISION.places}, %(effect)s)
ON CONFLICT (decision_id) DO NOTHING"""
_NEWEST: Final = "SELECT version, outcome FROM decisions WHERE claim_id = %s ORDER BY version DESC LIMIT 1"
_KNOWN: Final = "SELECT 1 FROM decisions WHERE decision_id = %s"


def lock_claim(tx: Tx, claim_id: ClaimId) -> None:
    """Decisions on one claim are taken one after the other, also when there is no row of it yet."""
    tx.execute(_LOCK_CLAIM, (claim_id,))


def known(tx: Tx, decision: Decision) -> bool:
    return tx.one(_KNOWN, (decision.decision_id,)) is not None


def insert(tx: Tx, decision: Decision, effect: str) -> None:
    tx.execute(_INSERT, {**_DECISION.values(decision), "effect": effect})


def newest(tx: Tx, claim_id: ClaimId) -> tuple[int, str] | None:
    """Version and outcome of the newest decision on a claim."""
    return tx.one(_NEWEST, (claim_id,), into=tuple[int, str])
